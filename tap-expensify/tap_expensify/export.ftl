<#-- One line of JSON a report, then one line that says how many there were. Read by export.py.
     Nothing in Expensify's data model can be relied on: a field may be missing, "" or [] where an object is
     documented, a number or a number in quotes. So every value goes through one of the functions below, which
     look at what is there, and every scalar leaves as a JSON string or null; records.py turns them into types.
     Correct under the strictest FreeMarker settings; built-ins up to 2.3.31 only.
     This is all that can be asked for. What no selected column needs is taken out before it is sent, by
     template.py: names from the two long lists, and the lines between "wanted" and "end". -->
<#function scalar value>
<#if value?is_string><#return '"' + value?json_string + '"'></#if>
<#if value?is_number><#return '"' + value?c + '"'></#if>
<#if value?is_boolean><#return '"' + value?string("true", "false") + '"'></#if>
<#if value?is_date_like><#return '"' + value?string("yyyy-MM-dd HH:mm:ss")?json_string + '"'></#if>
<#return "null">
</#function>
<#function fields source names>
<#local result = "">
<#list names as name>
<#if (source[name])??><#local result = result + '"' + name + '":' + scalar(source[name]) + ','></#if>
</#list>
<#return result>
</#function>
<#function object source names>
<#if !source?is_hash><#return "null"></#if>
<#return "{" + fields(source, names)?remove_ending(",") + "}">
</#function>
<#function objects source names>
<#local result = "">
<#if source?is_sequence>
<#list source as item>
<#if item?? && item?is_hash><#local result = result + object(item, names) + ","></#if>
</#list>
</#if>
<#return "[" + result?remove_ending(",") + "]">
</#function>
<#function dictionary source>
<#local result = "">
<#if source?is_hash_ex>
<#list source?keys as key>
<#if (source[key])??><#local result = result + '"' + key?json_string + '":' + scalar(source[key]) + ','></#if>
</#list>
</#if>
<#return "{" + result?remove_ending(",") + "}">
</#function>
<#function tagLevels expense>
<#local result = "">
<#list 1..levelsAsked as level>
<#local name = "ntag" + level?c>
<#if (expense[name])?? || (expense[name + "GlCode"])??>
<#local result = result + '{"level":"' + level?c + '","name":' + scalar((expense[name])!"") + ',"glCode":' + scalar((expense[name + "GlCode"])!"") + '},'>
<#elseif level gt 2>
<#break>
</#if>
</#list>
<#return "[" + result?remove_ending(",") + "]">
</#function>
<#assign levelsAsked = 10>
<#assign nameFields = ["firstName", "lastName", "fullName"]>
<#-- wanted: approvers -->
<#assign approverFields = nameFields + ["email", "date", "employeeUserID", "employeePayrollID"]>
<#-- end -->
<#-- wanted: attendees -->
<#assign attendeeFields = nameFields + ["displayName", "email"]>
<#-- end -->
<#-- wanted: actionList -->
<#assign actionFields = ["action", "accountEmail", "created"]>
<#-- end -->
<#-- wanted: units -->
<#assign unitFields = ["count", "rate", "unit"]>
<#-- end -->
<#assign reportFields = [
  "reportID", "oldReportID", "reportName", "status", "policyID", "policyName", "currency", "total",
  "created", "submitted", "approved", "reimbursed", "accountEmail", "accountID",
  "employeeCustomField1", "employeeCustomField2", "managerEmail", "entryID", "isACHReimbursed"]>
<#assign expenseFields = [
  "transactionID", "type", "amount", "modifiedAmount", "convertedAmount", "currency", "currencyConversionRate",
  "created", "modifiedCreated", "inserted", "merchant", "modifiedMerchant",
  "category", "categoryGlCode", "categoryPayrollCode", "tag", "tagGlCode", "comment", "bank",
  "billable", "reimbursable", "hasTax", "taxAmount", "modifiedTaxAmount", "taxName", "taxRate", "taxRateName",
  "taxCode", "mcc", "receiptID", "receiptFilename"]>
<#list reports as report>
{${fields(report, reportFields)}<#t>
<#-- wanted: submitter -->
"submitter":${object((report.submitter)!"", nameFields)},<#t>
<#-- end -->
<#-- wanted: manager -->
"manager":${object((report.manager)!"", nameFields)},<#t>
<#-- end -->
<#-- wanted: customField -->
"customField":${dictionary((report.customField)!"")},<#t>
<#-- end -->
<#-- wanted: approvers -->
"approvers":${objects((report.approvers)!"", approverFields)},<#t>
<#-- end -->
<#-- wanted: actionList -->
"actionList":[<#t>
<#if (report.actionList)?? && report.actionList?is_sequence><#t>
<#list report.actionList as action><#t>
<#if action?? && action?is_hash><#t>
{${fields(action, actionFields)}<#t>
<#-- wanted: action details -->
"details":${object((action.details)!"", ["message"])},<#t>
<#-- end -->
"_type":"action"}<#t>
<#else>null</#if><#t>
<#sep>,</#sep><#t>
</#list><#t>
</#if><#t>
],<#t>
<#-- end -->
<#-- wanted: transactionList -->
"transactionList":[<#t>
<#if (report.transactionList)?? && report.transactionList?is_sequence><#t>
<#list report.transactionList as expense><#t>
<#if expense?? && expense?is_hash><#t>
{${fields(expense, expenseFields)}<#t>
<#-- wanted: units -->
"units":${object((expense.units)!"", unitFields)},<#t>
<#-- end -->
<#-- wanted: ntags -->
"ntags":${tagLevels(expense)},<#t>
<#-- end -->
<#-- wanted: attendees -->
"attendees":${objects((expense.attendees)!"", attendeeFields)},<#t>
<#-- end -->
<#-- wanted: receiptObject -->
"receiptObject":${object((expense.receiptObject)!"", ["url"])},<#t>
<#-- end -->
"_type":"expense"}<#t>
<#else>null</#if><#t>
<#sep>,</#sep><#t>
</#list><#t>
</#if><#t>
],<#t>
<#-- end -->
"_type":"report"}
</#list>
{"_type":"trailer","reports":${reports?size?c}}
