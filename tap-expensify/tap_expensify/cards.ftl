<#-- One line of JSON a card transaction, then one line that says how many there were. Read by card_streams.py.
     The model is that of reconciliation jobs: cards, with the reports of each, with the expenses of each; expenses on
     no report are under a report with id 0. As in export.ftl, every scalar leaves as a JSON string or null. -->
<#function scalar value>
<#if value?is_string><#return '"' + value?json_string + '"'></#if>
<#if value?is_number><#return '"' + value?c + '"'></#if>
<#if value?is_boolean><#return '"' + value?string("true", "false") + '"'></#if>
<#if value?is_date_like><#return '"' + value?string("yyyy-MM-dd HH:mm:ss")?json_string + '"'></#if>
<#return "null">
</#function>
<#function fields source prefix names>
<#local result = "">
<#if source?is_hash>
<#list names as name>
<#if (source[name])??><#local result = result + '"' + prefix + name + '":' + scalar(source[name]) + ','></#if>
</#list>
</#if>
<#return result>
</#function>
<#assign cardFields = ["bank", "ID", "name", "owner"]>
<#assign reportFields = ["name", "policyID", "status"]>
<#assign expenseFields = [
  "ID", "cardID", "bank", "maskedPAN", "posted", "created", "modifiedCreated", "amount", "modifiedAmount",
  "convertedAmount", "currency", "currencyConversionRate", "originalAmount", "originalCurrency",
  "originalCurrencyAmount", "merchant", "modifiedMerchant", "originalMerchant", "category", "tag", "comment",
  "billable", "reimbursable", "taxAmount", "taxRate", "externalID", "reportID", "base62ReportID"]>
<#assign found = 0>
<#list cards as card, reports>
<#if reports?? && reports?is_sequence>
<#list reports as report>
<#if report?? && (report.transactionList)?? && report.transactionList?is_sequence>
<#list report.transactionList as expense>
<#if expense??>
<#assign found = found + 1>
{${fields(card, "_card_", cardFields)}<#t>
${fields(report, "_report_", reportFields)}<#t>
${fields(expense, "", expenseFields)}<#t>
"_type":"expense"}
</#if>
</#list>
</#if>
</#list>
</#if>
</#list>
{"_type":"trailer","expenses":${found?c}}
