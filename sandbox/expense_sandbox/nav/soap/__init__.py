"""NAV's SOAP web services: pages and codeunits over the same books as every other face."""
