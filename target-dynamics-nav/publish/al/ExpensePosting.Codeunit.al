// What Dynamics NAV / Business Central lacks as a web service: posting a purchase document or a journal batch, and
// dimensions that the standard pages have no field for.
// Publish it as web service (page Web Services): object type Codeunit, service name ExpensePosting.
codeunit 50100 "Expense Posting"
{
    Permissions = tabledata "Purchase Header" = rm,
                  tabledata "Purchase Line" = rm,
                  tabledata "Gen. Journal Batch" = rimd,
                  tabledata "Gen. Journal Line" = rmd;

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

    // Every dimension of a draft: rows "line number TAB dimension TAB value", each ended by a line feed; line number 0 is
    // the header. docType: 2 invoice, 3 credit memo.
    procedure GetDraftDimensions(docType: Integer; docNo: Code[20]): Text
    var
        PurchaseHeader: Record "Purchase Header";
        PurchaseLine: Record "Purchase Line";
        Rows: Text;
    begin
        PurchaseHeader.Get(docType, docNo);
        Rows := DimensionRows(0, PurchaseHeader."Dimension Set ID");
        PurchaseLine.SetRange("Document Type", docType);
        PurchaseLine.SetRange("Document No.", docNo);
        if PurchaseLine.FindSet() then
            repeat
                Rows += DimensionRows(PurchaseLine."Line No.", PurchaseLine."Dimension Set ID");
            until PurchaseLine.Next() = 0;
        exit(Rows);
    end;

    // The same of a posted document: docType 2 posted invoice, 3 posted credit memo.
    procedure GetPostedDimensions(docType: Integer; docNo: Code[20]): Text
    var
        PurchInvHeader: Record "Purch. Inv. Header";
        PurchInvLine: Record "Purch. Inv. Line";
        PurchCrMemoHdr: Record "Purch. Cr. Memo Hdr.";
        PurchCrMemoLine: Record "Purch. Cr. Memo Line";
        Rows: Text;
    begin
        if docType = 2 then begin
            PurchInvHeader.Get(docNo);
            Rows := DimensionRows(0, PurchInvHeader."Dimension Set ID");
            PurchInvLine.SetRange("Document No.", docNo);
            if PurchInvLine.FindSet() then
                repeat
                    Rows += DimensionRows(PurchInvLine."Line No.", PurchInvLine."Dimension Set ID");
                until PurchInvLine.Next() = 0;
            exit(Rows);
        end;
        PurchCrMemoHdr.Get(docNo);
        Rows := DimensionRows(0, PurchCrMemoHdr."Dimension Set ID");
        PurchCrMemoLine.SetRange("Document No.", docNo);
        if PurchCrMemoLine.FindSet() then
            repeat
                Rows += DimensionRows(PurchCrMemoLine."Line No.", PurchCrMemoLine."Dimension Set ID");
            until PurchCrMemoLine.Next() = 0;
        exit(Rows);
    end;

    // The same of the G/L entries with this document number: the entry number stands for the line number.
    procedure GetLedgerDimensions(docNo: Code[20]): Text
    var
        GLEntry: Record "G/L Entry";
        Rows: Text;
    begin
        GLEntry.SetCurrentKey("Document No.", "Posting Date");
        GLEntry.SetRange("Document No.", docNo);
        if GLEntry.FindSet() then
            repeat
                Rows += DimensionRows(GLEntry."Entry No.", GLEntry."Dimension Set ID");
            until GLEntry.Next() = 0;
        exit(Rows);
    end;

    // Makes a journal batch without number series and balancing account. One of this name that holds nothing is taken
    // as it is; one that holds something is refused.
    procedure CreateGenJnlBatch(templateName: Code[10]; batchName: Code[10]; description: Text)
    var
        GenJournalBatch: Record "Gen. Journal Batch";
        GenJournalTemplate: Record "Gen. Journal Template";
    begin
        if GenJournalBatch.Get(templateName, batchName) then begin
            TestHoldsOnly(templateName, batchName, '');
            DeleteLines(templateName, batchName);
            exit;
        end;
        GenJournalTemplate.Get(templateName);
        GenJournalBatch.Init();
        GenJournalBatch."Journal Template Name" := templateName;
        GenJournalBatch.Name := batchName;
        GenJournalBatch.Description := CopyStr(description, 1, MaxStrLen(GenJournalBatch.Description));
        GenJournalBatch.Insert(true);
    end;

    // Removes a journal batch with its lines, if they are all of this document. One that is not there is no error.
    procedure DeleteGenJnlBatch(templateName: Code[10]; batchName: Code[10]; docNo: Code[20])
    var
        GenJournalBatch: Record "Gen. Journal Batch";
    begin
        if not GenJournalBatch.Get(templateName, batchName) then
            exit;
        TestHoldsOnly(templateName, batchName, docNo);
        DeleteLines(templateName, batchName);
        GenJournalBatch.Delete(true);
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

    local procedure DimensionRows(lineNo: Integer; setId: Integer): Text
    var
        DimensionSetEntry: Record "Dimension Set Entry";
        Tab: Text[1];
        LineFeed: Text[1];
        Rows: Text;
    begin
        Tab[1] := 9;
        LineFeed[1] := 10;
        DimensionSetEntry.SetRange("Dimension Set ID", setId);
        if DimensionSetEntry.FindSet() then
            repeat
                Rows +=
                    Format(lineNo, 0, 9) + Tab + DimensionSetEntry."Dimension Code" + Tab +
                    DimensionSetEntry."Dimension Value Code" + LineFeed;
            until DimensionSetEntry.Next() = 0;
        exit(Rows);
    end;

    // Lines without account and amount do not count: posting leaves one behind.
    local procedure TestHoldsOnly(templateName: Code[10]; batchName: Code[10]; docNo: Code[20])
    var
        GenJournalLine: Record "Gen. Journal Line";
    begin
        GenJournalLine.SetRange("Journal Template Name", templateName);
        GenJournalLine.SetRange("Journal Batch Name", batchName);
        if GenJournalLine.FindSet() then
            repeat
                if (GenJournalLine."Account No." <> '') or (GenJournalLine.Amount <> 0) then
                    if (docNo = '') or (GenJournalLine."Document No." <> docNo) then
                        Error(BatchInUseErr, templateName, batchName, GenJournalLine."Document No.");
            until GenJournalLine.Next() = 0;
    end;

    local procedure DeleteLines(templateName: Code[10]; batchName: Code[10])
    var
        GenJournalLine: Record "Gen. Journal Line";
    begin
        GenJournalLine.SetRange("Journal Template Name", templateName);
        GenJournalLine.SetRange("Journal Batch Name", batchName);
        GenJournalLine.DeleteAll(true);
    end;

    var
        BatchInUseErr: Label 'Journal batch %1, %2 holds lines of document %3.', Locked = true;
}
