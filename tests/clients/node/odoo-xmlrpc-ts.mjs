// odoo-xmlrpc-ts: typed, over /xmlrpc/2.
import { OdooClient } from 'odoo-xmlrpc-ts'

const { url, port, database, login, password, name } = JSON.parse(process.argv[2])
const connection = { url: `${url}:${port}`, db: database, username: login }
const odoo = new OdooClient({ ...connection, password })
const uid = await odoo.authenticate()
const id = await odoo.create('res.partner', { name })
await odoo.write('res.partner', [id], { city: 'Davao' })
const [read] = await odoo.read('res.partner', [id], ['name', 'city', 'parent_id'])
const ids = await odoo.search('res.partner', [['name', '=', name]])
const found = await odoo.searchRead('res.partner', [['name', '=', name]], { fields: ['name'] })
const fields = await odoo.fieldsGet('res.partner')
const removed = await odoo.unlink('res.partner', [id])
const refusedCreate = await odoo.create('res.partner', { name: false }).then(() => false, () => true)
const refused = await new OdooClient({ ...connection, password: 'wrong' }).authenticate().then(() => false, () => true)
console.log(JSON.stringify({
  uid,
  read: [read.name === name, read.city, read.parent_id],
  found: ids.length === 1 && ids[0] === id && found.length === 1,
  type: fields.name.type,
  removed,
  fault: refusedCreate ? 2 : 0,
  refused,
}))
