"""Pages as web services show them: one model, which OData V4 and SOAP put on the wire."""
