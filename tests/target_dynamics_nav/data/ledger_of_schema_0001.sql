CREATE TABLE documents (
	ledger_id VARCHAR(200) NOT NULL, 
	document_key VARCHAR(35) NOT NULL, 
	company VARCHAR(250) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	status VARCHAR(20) NOT NULL, 
	reasons JSON NOT NULL, 
	source_id VARCHAR(64), 
	source JSON NOT NULL, 
	total VARCHAR(32), 
	currency_code VARCHAR(10), 
	nav_id VARCHAR(64), 
	nav_number VARCHAR(35), 
	posted_digest VARCHAR(64), 
	draft_digest VARCHAR(64), 
	content JSON, 
	posted_content JSON, 
	decided_by JSON, 
	first_seen_at VARCHAR(32) NOT NULL, 
	changed_at VARCHAR(32) NOT NULL, 
	run_id VARCHAR(64) NOT NULL, 
	PRIMARY KEY (ledger_id, document_key)
);
INSERT INTO "documents" VALUES('http://nav/api/v2.0#c1','E100-R','CRONUS','purchase_invoices','changed','[{"code": "changed_since_posted", "message": "Other total.", "field": null, "value": null, "hint": null}]','RE100-R','{"system": "expensify", "id": "RE100-R", "number": "47100", "name": "March", "url": null, "approved_at": "2026-03-30 10:00:00", "policy_id": "P1", "policy_name": "Sales", "submitter": "anna@northwind.example", "part": "reimbursable"}','31.00',NULL,'id-1','108001','e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f',NULL,'{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": "31", "lines": [{"account_type": "G/L Account", "account_number": "8430", "amount": "10", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES", "PROJECT": "P-100"}}, {"account_type": "G/L Account", "account_number": "8440", "amount": "20", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES"}}]}','{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": "30", "lines": [{"account_type": "G/L Account", "account_number": "8430", "amount": "10", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES", "PROJECT": "P-100"}}, {"account_type": "G/L Account", "account_number": "8440", "amount": "20", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES"}}]}','{"vendor_number": "rules.yml: vendors.by_email.anna"}','2026-11-22T23:01:31.357783Z','2026-11-22T23:01:31.365104Z','run-1');
INSERT INTO "documents" VALUES('http://nav/api/v2.0#c1','E101-R','CRONUS','purchase_invoices','held','[{"code": "total_differs", "message": "Anna''s lines do not add up.", "field": "total", "value": "30.5", "hint": "Correct it."}]','RE101-R','{"system": "expensify", "id": "RE101-R", "number": "47101", "name": "March", "url": null, "approved_at": "2026-03-30 10:00:00", "policy_id": "P1", "policy_name": "Sales", "submitter": "anna@northwind.example", "part": "reimbursable"}','30.5',NULL,NULL,NULL,NULL,NULL,'{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": "30.5", "lines": [{"account_type": "G/L Account", "account_number": "8430", "amount": "10", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES", "PROJECT": "P-100"}}, {"account_type": "G/L Account", "account_number": "8440", "amount": "20", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES"}}]}',NULL,'{"vendor_number": "rules.yml: vendors.by_email.anna"}','2026-11-22T23:01:31.362461Z','2026-11-22T23:01:31.362461Z','run-1');
INSERT INTO "documents" VALUES('http://nav/api/v2.0#c1','E102-R','CRONUS','purchase_invoices','draft','[]','RE102-R','{"system": "expensify", "id": "RE102-R", "number": "47102", "name": "March", "url": null, "approved_at": "2026-03-30 10:00:00", "policy_id": "P1", "policy_name": "Sales", "submitter": "anna@northwind.example", "part": "reimbursable"}','30.00',NULL,'id-2','108002',NULL,'e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f','{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": "30", "lines": [{"account_type": "G/L Account", "account_number": "8430", "amount": "10", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES", "PROJECT": "P-100"}}, {"account_type": "G/L Account", "account_number": "8440", "amount": "20", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES"}}]}',NULL,'{"vendor_number": "rules.yml: vendors.by_email.anna"}','2026-11-22T23:01:31.368137Z','2026-11-22T23:01:31.368137Z','run-1');
INSERT INTO "documents" VALUES('http://nav/api/v2.0#c1','E103-R','CRONUS','purchase_invoices','skipped','[{"code": "skipped_by_rule", "message": "Not ours.", "field": null, "value": null, "hint": null}]','RE103-R','{"system": "expensify", "id": "RE103-R", "number": "47103", "name": "March", "url": null, "approved_at": "2026-03-30 10:00:00", "policy_id": "P1", "policy_name": "Sales", "submitter": "anna@northwind.example", "part": "reimbursable"}','30.00',NULL,NULL,NULL,NULL,NULL,'{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": "30", "lines": [{"account_type": "G/L Account", "account_number": "8430", "amount": "10", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES", "PROJECT": "P-100"}}, {"account_type": "G/L Account", "account_number": "8440", "amount": "20", "tax_code": null, "dimensions": {"DEPARTMENT": "SALES"}}]}',NULL,'{"vendor_number": "rules.yml: vendors.by_email.anna"}','2026-11-22T23:01:31.372459Z','2026-11-22T23:01:31.372459Z','run-1');
INSERT INTO "documents" VALUES('http://nav/api/v2.0#','E104-R','NOWHERE','purchase_invoices','held','[{"code": "company_unknown", "message": "No.", "field": null, "value": null, "hint": null}]','RE104-R','{"system": "expensify", "id": "RE104-R", "number": "47104", "name": "March", "url": null, "approved_at": "2026-03-30 10:00:00", "policy_id": "P1", "policy_name": "Sales", "submitter": "anna@northwind.example", "part": "reimbursable"}',NULL,NULL,NULL,NULL,NULL,NULL,'{"kind": "purchase_invoices", "vendor_number": "E1001", "balancing_account": null, "currency_code": null, "prices_include_tax": false, "total": null, "lines": []}',NULL,'{"vendor_number": "rules.yml: vendors.by_email.anna"}','2026-11-22T23:01:31.374370Z','2026-11-22T23:01:31.374370Z','run-1');
CREATE TABLE events (
	sequence INTEGER NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	run_id VARCHAR(64) NOT NULL, 
	ledger_id VARCHAR(200), 
	document_key VARCHAR(35), 
	kind VARCHAR(40) NOT NULL, 
	data TEXT NOT NULL, 
	previous_hash VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (previous_hash)
);
INSERT INTO "events" VALUES(1,'2026-11-22T23:01:31.354757Z','run-1',NULL,NULL,'run_started','{"mode": "post"}','0000000000000000000000000000000000000000000000000000000000000000','48ced2230bfac29f8d038382039d78e6ce6e7b5ee50b20684d59785b065389bc');
INSERT INTO "events" VALUES(2,'2026-11-22T23:01:31.356840Z','run-1','http://nav/api/v2.0#c1','E100-R','draft_intended','{"attempt": 1, "digest": "e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f"}','48ced2230bfac29f8d038382039d78e6ce6e7b5ee50b20684d59785b065389bc','7071d49afe02488f2eb4bf54c665abc73f91f72a0c4c2e52aec5afe8b78f906e');
INSERT INTO "events" VALUES(3,'2026-11-22T23:01:31.361554Z','run-1','http://nav/api/v2.0#c1','E100-R','posted','{"digest": "e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f", "nav_number": "108001", "notes": [], "reasons": []}','7071d49afe02488f2eb4bf54c665abc73f91f72a0c4c2e52aec5afe8b78f906e','b9857d41e61ba72cec428d1523ff045fe5e7de98fee0b71d18a857db277eefb6');
INSERT INTO "events" VALUES(4,'2026-11-22T23:01:31.364112Z','run-1','http://nav/api/v2.0#c1','E101-R','held','{"digest": "5dfcc6ab5134d117da02934595b721e2bd9822ea398472764e1ee09017380e16", "nav_number": null, "notes": [], "reasons": [{"code": "total_differs", "field": "total", "hint": "Correct it.", "message": "Anna''s lines do not add up.", "value": "30.5"}]}','b9857d41e61ba72cec428d1523ff045fe5e7de98fee0b71d18a857db277eefb6','57c2ab35d3e1d1689f487853d7082dc92a737130cd65247eb5a3ba69139d7cc0');
INSERT INTO "events" VALUES(5,'2026-11-22T23:01:31.367090Z','run-1','http://nav/api/v2.0#c1','E100-R','changed','{"digest": "ea2205247640bb523a8f9a2c4490381a34db2353d5e81944783f4073f6ebe36e", "nav_number": null, "notes": [], "reasons": [{"code": "changed_since_posted", "field": null, "hint": null, "message": "Other total.", "value": null}]}','57c2ab35d3e1d1689f487853d7082dc92a737130cd65247eb5a3ba69139d7cc0','0052fb45aa4733ce32ce078c63ebcbd49796cea496ac12ce01440e87249ec140');
INSERT INTO "events" VALUES(6,'2026-11-22T23:01:31.371501Z','run-1','http://nav/api/v2.0#c1','E102-R','draft','{"digest": "e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f", "nav_number": "108002", "notes": [], "reasons": []}','0052fb45aa4733ce32ce078c63ebcbd49796cea496ac12ce01440e87249ec140','d6dade9bf0f2f97f3a452ab9f3031bd262cfb8737d2ae105fe963127a9794a7a');
INSERT INTO "events" VALUES(7,'2026-11-22T23:01:31.373569Z','run-1','http://nav/api/v2.0#c1','E103-R','skipped','{"digest": "e991f79f5c2cc9971bf72aa42bb91a61695edf6bef1450b745082e880639c67f", "nav_number": null, "notes": [], "reasons": [{"code": "skipped_by_rule", "field": null, "hint": null, "message": "Not ours.", "value": null}]}','d6dade9bf0f2f97f3a452ab9f3031bd262cfb8737d2ae105fe963127a9794a7a','c27091e04a315eebdbb5bbf4f52f9a28dc003934ae588bbb4a00f6f150b4ffd7');
INSERT INTO "events" VALUES(8,'2026-11-22T23:01:31.375521Z','run-1','http://nav/api/v2.0#','E104-R','held','{"digest": "61825be09e576f636695bf0e820a6cc400353b20dd5483bf077b9f91dd8db9fe", "nav_number": null, "notes": [], "reasons": [{"code": "company_unknown", "field": null, "hint": null, "message": "No.", "value": null}]}','c27091e04a315eebdbb5bbf4f52f9a28dc003934ae588bbb4a00f6f150b4ffd7','d3c59f7a24acfb64472455cc91574937672e049084ba82a52b4433af65de6905');
INSERT INTO "events" VALUES(9,'2026-11-22T23:01:31.377078Z','run-1',NULL,NULL,'run_ended','{"counts": {"held": 2, "posted": 1}, "outcome": "finished"}','d3c59f7a24acfb64472455cc91574937672e049084ba82a52b4433af65de6905','8788c902d914564edbd1f27009dcffbbb63c9d80d170d529d9a792a9b8a46db3');
CREATE TABLE runs (
	run_id VARCHAR(64) NOT NULL, 
	started_at VARCHAR(32) NOT NULL, 
	ended_at VARCHAR(32), 
	mode VARCHAR(16) NOT NULL, 
	outcome VARCHAR(64), 
	counts JSON, 
	PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES('run-1','2026-11-22T23:01:31.352378Z','2026-11-22T23:01:31.376342Z','post','finished','{"posted": 1, "held": 2}');
CREATE INDEX ix_documents_status ON documents (status);
CREATE INDEX ix_documents_source_id ON documents (source_id);
CREATE INDEX ix_events_document_key ON events (document_key);
