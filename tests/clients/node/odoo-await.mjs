// odoo-await: one record from its creation to its end, over /xmlrpc/2.
import Odoo from 'odoo-await'

const { url, port, database, login, password, name } = JSON.parse(process.argv[2])
const odoo = new Odoo({ baseUrl: url, port, db: database, username: login, password })
const uid = await odoo.connect()
const id = await odoo.create('res.partner', { name }, `${name}_external`)
await odoo.update('res.partner', id, { city: 'Davao' })
const [read] = await odoo.read('res.partner', id, ['name', 'city', 'parent_id'])
const found = await odoo.searchRead('res.partner', { name }, ['name'], { limit: 5 })
const ids = await odoo.search('res.partner', { name })
const fields = await odoo.getFields('res.partner', ['type'])
const external = await odoo.searchByExternalId(`${name}_external`)
const removed = await odoo.delete('res.partner', id)
const fault = await odoo.create('res.partner', { name: false }).catch((error) => error.faultCode)
const wrong = new Odoo({ baseUrl: url, port, db: database, username: login, password: 'wrong' })
const refused = await wrong.connect().then(() => false, () => true)
console.log(JSON.stringify({
  uid,
  read: [read.name === name, read.city, read.parent_id],
  found: found.length === 1 && ids.length === 1 && ids[0] === id && external === id,
  type: fields.name.type,
  removed,
  fault,
  refused,
}))
