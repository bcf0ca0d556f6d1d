/// What standard pages do not offer to web services: posting, dimensions beyond the first two of a document, and
/// journal batches. Publish it in page 810 "Web Services" as Codeunit, service name ExpensePosting.
/// Business Central 14 and later; for Dynamics NAV 2013 R2 to 2018 there is ExpensePosting.CAL.txt beside this file.
/// Every procedure takes and gives simple values only, and is one transaction.
codeunit 50100 "Expense Posting"
{
    /// Posts a purchase invoice that is open and gives the number of the posted one.
    procedure PostPurchaseInvoice(docNo: Code[20]): Code[20]
    var
        PurchaseHeader: Record "Purchase Header";
    begin
        exit(PostPurchaseDocument(PurchaseHeader."Document Type"::Invoice, docNo));
    end;

    /// Posts a purchase credit memo that is open and gives the number of the posted one.
    procedure PostPurchaseCreditMemo(docNo: Code[20]): Code[20]
    var
        PurchaseHeader: Record "Purchase Header";
    begin
        exit(PostPurchaseDocument(PurchaseHeader."Document Type"::"Credit Memo", docNo));
    end;

    /// Posts every line of a journal batch and gives the number of the G/L register, 0 when nothing was posted.
    procedure PostGenJnlBatch(templateName: Code[10]; batchName: Code[10]): Integer
    var
        GenJournalLine: Record "Gen. Journal Line";
    begin
        GenJournalLine.SetRange("Journal Template Name", templateName);
        GenJournalLine.SetRange("Journal Batch Name", batchName);
        GenJournalLine.FindFirst();
        Codeunit.Run(Codeunit::"Gen. Jnl.-Post Batch", GenJournalLine);
        exit(GenJournalLine."Line No.");
    end;

    /// Gives an open purchase document (lineNo 0), or one of its lines, a dimension; what the lines have is left alone.
    /// docType: Invoice or Credit Memo. Dimension and value have to exist exactly as named.
    procedure SetDimension(docType: Text; docNo: Code[20]; lineNo: Integer; dimCode: Code[20]; valueCode: Code[20])
    var
        PurchaseHeader: Record "Purchase Header";
        PurchaseLine: Record "Purchase Line";
        DimensionManagement: Codeunit DimensionManagement;
    begin
        PurchaseHeader.Get(PurchaseDocumentType(docType), docNo);
        PurchaseHeader.TestField(Status, PurchaseHeader.Status::Open);
        if lineNo = 0 then begin
            PurchaseHeader."Dimension Set ID" := WithDimension(PurchaseHeader."Dimension Set ID", dimCode, valueCode);
            DimensionManagement.UpdateGlobalDimFromDimSetID(
                PurchaseHeader."Dimension Set ID",
                PurchaseHeader."Shortcut Dimension 1 Code", PurchaseHeader."Shortcut Dimension 2 Code");
            PurchaseHeader.Modify();
        end else begin
            PurchaseLine.Get(PurchaseHeader."Document Type", docNo, lineNo);
            PurchaseLine."Dimension Set ID" := WithDimension(PurchaseLine."Dimension Set ID", dimCode, valueCode);
            DimensionManagement.UpdateGlobalDimFromDimSetID(
                PurchaseLine."Dimension Set ID",
                PurchaseLine."Shortcut Dimension 1 Code", PurchaseLine."Shortcut Dimension 2 Code");
            PurchaseLine.Modify();
        end;
    end;

    /// Every dimension of a document: one row each, "line number TAB dimension TAB value", rows ended by a line feed.
    /// docType: Invoice, Credit Memo, Posted Invoice, Posted Credit Memo (line number 0 is the header); or G/L Entry,
    /// with the document number of the entries (line number is the entry number).
    procedure GetDimensions(docType: Text; docNo: Code[20]): Text
    var
        PurchaseHeader: Record "Purchase Header";
        PurchaseLine: Record "Purchase Line";
        PurchInvHeader: Record "Purch. Inv. Header";
        PurchInvLine: Record "Purch. Inv. Line";
        PurchCrMemoHdr: Record "Purch. Cr. Memo Hdr.";
        PurchCrMemoLine: Record "Purch. Cr. Memo Line";
        GLEntry: Record "G/L Entry";
        Result: Text;
    begin
        case docType of
            'Invoice', 'Credit Memo':
                begin
                    PurchaseHeader.Get(PurchaseDocumentType(docType), docNo);
                    Result := DimensionRows(0, PurchaseHeader."Dimension Set ID");
                    PurchaseLine.SetRange("Document Type", PurchaseHeader."Document Type");
                    PurchaseLine.SetRange("Document No.", docNo);
                    if PurchaseLine.FindSet() then
                        repeat
                            Result += DimensionRows(PurchaseLine."Line No.", PurchaseLine."Dimension Set ID");
                        until PurchaseLine.Next() = 0;
                end;
            'Posted Invoice':
                begin
                    PurchInvHeader.Get(docNo);
                    Result := DimensionRows(0, PurchInvHeader."Dimension Set ID");
                    PurchInvLine.SetRange("Document No.", docNo);
                    if PurchInvLine.FindSet() then
                        repeat
                            Result += DimensionRows(PurchInvLine."Line No.", PurchInvLine."Dimension Set ID");
                        until PurchInvLine.Next() = 0;
                end;
            'Posted Credit Memo':
                begin
                    PurchCrMemoHdr.Get(docNo);
                    Result := DimensionRows(0, PurchCrMemoHdr."Dimension Set ID");
                    PurchCrMemoLine.SetRange("Document No.", docNo);
                    if PurchCrMemoLine.FindSet() then
                        repeat
                            Result += DimensionRows(PurchCrMemoLine."Line No.", PurchCrMemoLine."Dimension Set ID");
                        until PurchCrMemoLine.Next() = 0;
                end;
            'G/L Entry':
                begin
                    GLEntry.SetCurrentKey("Document No.", "Posting Date");
                    GLEntry.SetRange("Document No.", docNo);
                    if GLEntry.FindSet() then
                        repeat
                            Result += DimensionRows(GLEntry."Entry No.", GLEntry."Dimension Set ID");
                        until GLEntry.Next() = 0;
                end;
            else
                Error(UnknownDocumentTypeErr, docType);
        end;
        exit(Result);
    end;

    /// Makes a journal batch without number series and balancing account, or takes an emptied one of that name.
    procedure CreateGenJnlBatch(templateName: Code[10]; batchName: Code[10]; description: Text)
    var
        GenJournalBatch: Record "Gen. Journal Batch";
        GenJournalTemplate: Record "Gen. Journal Template";
    begin
        if GenJournalBatch.Get(templateName, batchName) then begin
            TestBatchHoldsOnly(templateName, batchName, '');
            DeleteLines(templateName, batchName);
            exit;
        end;
        GenJournalTemplate.Get(templateName);
        GenJournalBatch.Init();
        GenJournalBatch.Validate("Journal Template Name", templateName);
        GenJournalBatch.Name := batchName;
        GenJournalBatch.Description := CopyStr(description, 1, MaxStrLen(GenJournalBatch.Description));
        GenJournalBatch.Insert(true);
    end;

    /// Removes a journal batch with its lines, provided that every filled line is of that document. A batch that is not
    /// there is no error.
    procedure DeleteGenJnlBatch(templateName: Code[10]; batchName: Code[10]; docNo: Code[20])
    var
        GenJournalBatch: Record "Gen. Journal Batch";
    begin
        if not GenJournalBatch.Get(templateName, batchName) then
            exit;
        TestBatchHoldsOnly(templateName, batchName, docNo);
        DeleteLines(templateName, batchName);
        GenJournalBatch.Delete(true);
    end;

    local procedure PostPurchaseDocument(DocumentType: Option; DocNo: Code[20]): Code[20]
    var
        PurchaseHeader: Record "Purchase Header";
        PurchPost: Codeunit "Purch.-Post";
    begin
        PurchaseHeader.Get(DocumentType, DocNo);
        if PurchaseHeader."Document Type" = PurchaseHeader."Document Type"::Invoice then
            PurchaseHeader.Receive := true
        else
            PurchaseHeader.Ship := true;
        PurchaseHeader.Invoice := true;
        PurchPost.Run(PurchaseHeader);
        if PurchaseHeader."Last Posting No." = '' then
            exit(DocNo);
        exit(PurchaseHeader."Last Posting No.");
    end;

    local procedure PurchaseDocumentType(DocType: Text): Integer
    var
        PurchaseHeader: Record "Purchase Header";
    begin
        case DocType of
            'Invoice':
                PurchaseHeader."Document Type" := PurchaseHeader."Document Type"::Invoice;
            'Credit Memo':
                PurchaseHeader."Document Type" := PurchaseHeader."Document Type"::"Credit Memo";
            else
                Error(UnknownDocumentTypeErr, DocType);
        end;
        exit(PurchaseHeader."Document Type");
    end;

    local procedure WithDimension(DimensionSetId: Integer; DimCode: Code[20]; ValueCode: Code[20]): Integer
    var
        TempDimensionSetEntry: Record "Dimension Set Entry" temporary;
        DimensionValue: Record "Dimension Value";
        DimensionManagement: Codeunit DimensionManagement;
    begin
        DimensionValue.Get(DimCode, ValueCode);
        DimensionManagement.GetDimensionSet(TempDimensionSetEntry, DimensionSetId);
        TempDimensionSetEntry.SetRange("Dimension Code", DimCode);
        TempDimensionSetEntry.DeleteAll();
        TempDimensionSetEntry.SetRange("Dimension Code");
        TempDimensionSetEntry.Init();
        TempDimensionSetEntry."Dimension Set ID" := DimensionSetId;
        TempDimensionSetEntry."Dimension Code" := DimCode;
        TempDimensionSetEntry."Dimension Value Code" := ValueCode;
        TempDimensionSetEntry."Dimension Value ID" := DimensionValue."Dimension Value ID";
        TempDimensionSetEntry.Insert();
        exit(DimensionManagement.GetDimensionSetID(TempDimensionSetEntry));
    end;

    local procedure DimensionRows(LineNo: Integer; DimensionSetId: Integer): Text
    var
        DimensionSetEntry: Record "Dimension Set Entry";
        Tab: Text[1];
        LineFeed: Text[1];
        Result: Text;
    begin
        Tab[1] := 9;
        LineFeed[1] := 10;
        DimensionSetEntry.SetRange("Dimension Set ID", DimensionSetId);
        if DimensionSetEntry.FindSet() then
            repeat
                Result +=
                    Format(LineNo, 0, 9) + Tab + DimensionSetEntry."Dimension Code" + Tab +
                    DimensionSetEntry."Dimension Value Code" + LineFeed;
            until DimensionSetEntry.Next() = 0;
        exit(Result);
    end;

    local procedure TestBatchHoldsOnly(TemplateName: Code[10]; BatchName: Code[10]; DocNo: Code[20])
    var
        GenJournalLine: Record "Gen. Journal Line";
    begin
        GenJournalLine.SetRange("Journal Template Name", TemplateName);
        GenJournalLine.SetRange("Journal Batch Name", BatchName);
        if GenJournalLine.FindSet() then
            repeat
                if (GenJournalLine."Account No." <> '') or (GenJournalLine.Amount <> 0) then
                    if (DocNo = '') or (GenJournalLine."Document No." <> DocNo) then
                        Error(BatchInUseErr, TemplateName, BatchName, GenJournalLine."Document No.");
            until GenJournalLine.Next() = 0;
    end;

    local procedure DeleteLines(TemplateName: Code[10]; BatchName: Code[10])
    var
        GenJournalLine: Record "Gen. Journal Line";
    begin
        GenJournalLine.SetRange("Journal Template Name", TemplateName);
        GenJournalLine.SetRange("Journal Batch Name", BatchName);
        GenJournalLine.DeleteAll(true);
    end;

    var
        UnknownDocumentTypeErr: Label 'The document type %1 is not known to Expense Posting.', Locked = true;
        BatchInUseErr: Label 'Journal batch %1, %2 holds lines of document %3.', Locked = true;
}
