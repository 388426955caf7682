"""Files over HTTP: uploads and downloads, in the words of Odoo and Netforce."""
