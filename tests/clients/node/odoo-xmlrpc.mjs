// odoo-xmlrpc: the same with callbacks.
import { promisify } from 'node:util'
import Odoo from 'odoo-xmlrpc'

const { url, port, database, login, password, name } = JSON.parse(process.argv[2])

function client(secret) {
  const odoo = new Odoo({ url, port, db: database, username: login, password: secret })
  return { connect: promisify(odoo.connect.bind(odoo)), call: promisify(odoo.execute_kw.bind(odoo)) }
}

const odoo = client(password)
const uid = await odoo.connect()
const id = await odoo.call('res.partner', 'create', [[{ name }]])
await odoo.call('res.partner', 'write', [[[id], { city: 'Davao' }]])
const [read] = await odoo.call('res.partner', 'read', [[[id], ['name', 'city', 'parent_id']]])
const ids = await odoo.call('res.partner', 'search', [[[['name', '=', name]]]])
const fields = await odoo.call('res.partner', 'fields_get', [[['name'], ['type']]])
const removed = await odoo.call('res.partner', 'unlink', [[[id]]])
const fault = await odoo.call('res.partner', 'create', [[{ name: false }]]).catch((error) => error.faultCode)
const refused = await client('wrong').connect().then(() => false, () => true)
console.log(JSON.stringify({
  uid,
  read: [read.name === name, read.city, read.parent_id],
  found: ids.length === 1 && ids[0] === id,
  type: fields.name.type,
  removed,
  fault,
  refused,
}))
