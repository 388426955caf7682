// @fernandoslim/odoo-jsonrpc: the web session's cookie, taken apart by hand.
import module from '@fernandoslim/odoo-jsonrpc'

const OdooJSONRpc = module.default ?? module
const { url, port, database, login, password, name } = JSON.parse(process.argv[2])
const connection = { baseUrl: url, port, db: database, username: login }
const odoo = new OdooJSONRpc()
const { uid } = await odoo.connect({ ...connection, password })
const id = await odoo.create('res.partner', { name })
await odoo.update('res.partner', id, { city: 'Davao' })
const [read] = await odoo.read('res.partner', id, ['name', 'city', 'parent_id'])
const ids = await odoo.search('res.partner', [['name', '=', name]])
const found = await odoo.searchRead('res.partner', [['name', '=', name]], ['name'])
const fields = await odoo.getFields('res.partner')
const removed = await odoo.delete('res.partner', id)
const refusedCreate = await odoo.create('res.partner', { name: false }).then(() => false, () => true)
const refused = await new OdooJSONRpc().connect({ ...connection, password: 'wrong' }).then(() => false, () => true)
console.log(JSON.stringify({
  uid,
  read: [read.name === name, read.city, read.parent_id],
  found: ids.length === 1 && ids[0] === id && found.length === 1,
  type: fields.name.type,
  removed,
  fault: refusedCreate ? 2 : 0,
  refused,
}))
