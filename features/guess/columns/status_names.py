"""The names that shops give to columns that say what a row is: its state, its kind of document, whether it failed."""

from __future__ import annotations

from features.sources.plain_text import plain_names

STATUS = plain_names(
    "financial status|order status|order_status|status|post_status|payment status|order-status|sales status",
    "invoice status",
    "order_status_id|status id|status_id|current_state|status code|order state id",
    "document status|status name|status description|current status|item status|item-status|fulfillment status",
    "bestellstatus|auftragsstatus|auftragsstand|zahlungsstatus|rechnungsstatus|belegstatus|bearbeitungsstatus",
    "statut|statut de la commande|statut commande|etat de la commande|état de la commande|statut du paiement",
    "estado del pedido|estado pedido|estado de la orden|estatus|situacion|situación|estado de pago",
    "estado de la factura",
    "stato ordine|stato dell'ordine|stato pagamento|stato fattura|situazione",
    "estado da encomenda|estado do pedido|status do pedido|situação|situação do pedido|situacao",
    "status pagamento",
    "bestelstatus|orderstatus|betaalstatus|factuurstatus",
    "status zamówienia|stan zamówienia|status płatności|status faktury",
    "sipariş durumu|siparis durumu|durum|durumu|ödeme durumu|fatura durumu",
    "статус|статус заказа|состояние заказа|статус оплаты|состояние|статус платежа",
    "κατάσταση|κατάσταση παραγγελίας|κατάσταση πληρωμής",
    "وضعیت|وضعیت سفارش|وضعیت پرداخت|وضعیت فاکتور",
    "orderstatus|ordrestatus|stav|stav objednávky|stare|stare comandă|állapot|rendelés állapota|حالة الطلب",
    "الحالة|ステータス|注文状況|订单状态|状态",
)
# A header that is also the part of an address: only the words can tell.
STATUS_OR_STATE = plain_names("state|order state|estado|stato|état|etat|stan|status/state|situação")
TYPE = plain_names(
    "transaction type|document type|doc type|doc. type|invoice type|voucher type|transaction_type",
    "document_type|doctype",
    "sales document type|record type|entry type|type of document|trans type|txn type|order type|receipt type",
    "belegart|belegtyp|dokumentart|dokumenttyp|vorgangsart|buchungsart|rechnungsart|vorgang|auftragsart",
    "type de document|type document|nature|type de pièce|type de piece|type d'opération|type de transaction",
    "tipo de documento|tipo documento|tipo doc|tipo de transacción|tipo de comprobante|comprobante",
    "clase de documento",
    "tipo di documento|tipo doc.|tipo operazione|tipologia documento|causale",
    "tipo de transação|tipo de fatura|tipo de operação",
    "documenttype|soort document|documentsoort|boekingssoort|type document|transactietype",
    "rodzaj dokumentu|typ dokumentu|rodzaj transakcji|typ transakcji",
    "belge türü|belge tipi|evrak türü|evrak tipi|fiş türü|fatura tipi|fatura türü|işlem türü|işlem tipi",
    "тип документа|вид документа|тип операции|вид операции|документ|тип транзакции",
    "τύπος παραστατικού|είδος παραστατικού|τύπος εγγράφου|είδος εγγράφου|παραστατικό|τύπος συναλλαγής",
    "نوع سند|نوع فاکتور|نوع مدرک|نوع تراکنش|نوع سفارش",
    "typ dokladu|druh dokladu|tip document|bizonylat típusa|نوع المستند|نوع الفاتورة|伝票区分|单据类型",
)
# A header that may be anything's type: only the words can tell.
TYPE_OF_ANYTHING = plain_names("type|kind|typ|tipo|soort|rodzaj|tür|tip|тип|вид|τύπος|είδος|نوع|art|class|category")
CANCELLED = plain_names(
    "is failed|is_failed|failed|failure|is cancelled|is_cancelled|cancelled|is canceled|is_canceled|canceled",
    "cancel flag",
    "cancelled flag|order cancelled|is void|is_void|is voided|void|voided|is deleted|is_deleted|deleted",
    "rejected|is_rejected",
    "declined|storniert|ist storniert|storno|abgebrochen|annulé|annulée|annule|annulee|cancelado|cancelada",
    "anulado|anulada",
    "annullato|annullata|geannuleerd|anulowane|anulowany|iptal|iptal edildi|iptal mi|отменен|отменён|отмена",
    "аннулирован",
    "ακυρωμένο|ακυρωμένη|ακυρώθηκε|ακύρωση|لغو شده|لغو|کنسل|باطل شده|ابطال شده",
)
UPDATED_AT = plain_names(
    "updated at|updated_at|date modified|date_modified|modified at|modified_at|last modified|last updated",
    "last_updated",
    "modified|modified on|updated|update date|date updated|date_updated|changed at|changed on|write_date",
    "date_upd",
    "last update date|last-updated-date|geändert am|zuletzt geändert|änderungsdatum|modifié le",
    "date de modification",
    "fecha de modificación|actualizado|modificado|data modifica|modificato il|data de modificação",
    "atualizado em",
    "gewijzigd op|laatst gewijzigd|data modyfikacji|zmodyfikowano|güncellenme tarihi|değiştirilme tarihi",
    "изменен|изменён",
    "дата изменения|обновлено|τελευταία ενημέρωση|ημερομηνία τροποποίησης|تاریخ ویرایش|تاریخ به روز رسانی",
    "آخرین تغییر",
)
