// What Dynamics NAV / Business Central lacks as a web service: posting a purchase document or a journal batch, and
// dimensions that the standard pages have no field for.
// Publish it as web service (page Web Services): object type Codeunit, service name ExpensePosting.
codeunit 50100 "Expense Posting"
{
    Permissions = tabledata "Purchase Header" = rm,
                  tabledata "Purchase Line" = rm,
                  tabledata "Gen. Journal Line" = rm;

    // Posts the draft invoice of this number; returns the number of the posted invoice.
    procedure PostPurchaseInvoice(docNo: Code[20]): Code[20]
    var
        PurchaseHeader: Record "Purchase Header";
    begin
        PurchaseHeader.Get(PurchaseHeader."Document Type"::Invoice, docNo);
        PurchaseHeader.Receive := true;
        PurchaseHeader.Ship := false;
        exit(PostPurchase(PurchaseHeader));
    end;

    // Posts the draft credit memo of this number; returns the number of the posted credit memo.
    procedure PostPurchaseCreditMemo(docNo: Code[20]): Code[20]
    var
        PurchaseHeader: Record "Purchase Header";
    begin
        PurchaseHeader.Get(PurchaseHeader."Document Type"::"Credit Memo", docNo);
        PurchaseHeader.Receive := false;
        PurchaseHeader.Ship := true;
        exit(PostPurchase(PurchaseHeader));
    end;

    // Posts every line of a journal batch; returns the number of the G/L register, 0 when nothing was posted.
    procedure PostGenJnlBatch(templateName: Code[10]; batchName: Code[10]): Integer
    var
        GenJournalLine: Record "Gen. Journal Line";
        GenJnlPostBatch: Codeunit "Gen. Jnl.-Post Batch";
    begin
        GenJournalLine.SetRange("Journal Template Name", templateName);
        GenJournalLine.SetRange("Journal Batch Name", batchName);
        GenJournalLine.FindFirst();
        GenJnlPostBatch.Run(GenJournalLine);
        exit(GenJournalLine."Line No.");
    end;

    // Gives a draft (lineNo 0) or one of its lines exactly this value of a dimension, whether or not the pages have a
    // field for it. docType: 2 invoice, 3 credit memo. Lines keep their dimensions when the header gets one.
    procedure SetDimension(docType: Integer; docNo: Code[20]; lineNo: Integer; dimCode: Code[20]; valueCode: Code[20])
    var
        PurchaseHeader: Record "Purchase Header";
        PurchaseLine: Record "Purchase Line";
        DimensionManagement: Codeunit DimensionManagement;
    begin
        if lineNo = 0 then begin
            PurchaseHeader.Get(docType, docNo);
            PurchaseHeader."Dimension Set ID" := ChangedSet(PurchaseHeader."Dimension Set ID", dimCode, valueCode);
            DimensionManagement.UpdateGlobalDimFromDimSetID(
                PurchaseHeader."Dimension Set ID",
                PurchaseHeader."Shortcut Dimension 1 Code",
                PurchaseHeader."Shortcut Dimension 2 Code");
            PurchaseHeader.Modify();
            exit;
        end;
        PurchaseLine.Get(docType, docNo, lineNo);
        PurchaseLine."Dimension Set ID" := ChangedSet(PurchaseLine."Dimension Set ID", dimCode, valueCode);
        DimensionManagement.UpdateGlobalDimFromDimSetID(
            PurchaseLine."Dimension Set ID",
            PurchaseLine."Shortcut Dimension 1 Code",
            PurchaseLine."Shortcut Dimension 2 Code");
        PurchaseLine.Modify();
    end;

    local procedure PostPurchase(var PurchaseHeader: Record "Purchase Header"): Code[20]
    var
        PurchPost: Codeunit "Purch.-Post";
        DraftNo: Code[20];
    begin
        DraftNo := PurchaseHeader."No.";
        PurchaseHeader.Invoice := true;
        PurchPost.Run(PurchaseHeader);
        // blank: the document keeps the draft's number
        if PurchaseHeader."Last Posting No." = '' then
            exit(DraftNo);
        exit(PurchaseHeader."Last Posting No.");
    end;

    local procedure ChangedSet(setId: Integer; dimCode: Code[20]; valueCode: Code[20]): Integer
    var
        TempDimensionSetEntry: Record "Dimension Set Entry" temporary;
        DimensionValue: Record "Dimension Value";
        DimensionManagement: Codeunit DimensionManagement;
    begin
        DimensionValue.Get(dimCode, valueCode);
        DimensionManagement.GetDimensionSet(TempDimensionSetEntry, setId);
        TempDimensionSetEntry.SetRange("Dimension Code", dimCode);
        TempDimensionSetEntry.DeleteAll();
        TempDimensionSetEntry.SetRange("Dimension Code");
        TempDimensionSetEntry.Init();
        TempDimensionSetEntry.Validate("Dimension Code", dimCode);
        TempDimensionSetEntry.Validate("Dimension Value Code", valueCode);
        TempDimensionSetEntry.Insert();
        exit(DimensionManagement.GetDimensionSetID(TempDimensionSetEntry));
    end;
}
