"""Pages and codeunits as OData V4 web services, below `/{instance}/ODataV4`."""
