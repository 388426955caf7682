"""The client of Tandem, Netforce and Odoo servers, for scripts and for deployments among themselves."""
