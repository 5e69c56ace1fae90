"""The names that shops give their columns, in English, Greek and Persian, best first.

Sources: Shopify's orders export, WooCommerce's analytics, REST and order export plugins, the order grid of Magento and
Adobe Commerce, ERP invoice listings (also those of the UCI Online Retail log), point-of-sale logs.
"""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

from features.sources.plain_text import plain, plain_names

# Text in brackets is ignored, unless it changes what the column means: a share, a tax, another date.
_BRACKETS = re.compile(r"[(\[（][^()\[\]（）]*[)\]）]")
_ANOTHER_THING = re.compile(
    r"^e?s$|%|٪|percent|\brate\b|refund|discount|shipping|shipped|deliver|cancel|birth|modified|updated|tip"
    r"|^\s*(tax|vat|gst|φπα|مالیات)\s*$|ποσοστ|έκπτωσ|επιστροφ|مرجوع|تخفیف|درصد",
    re.IGNORECASE,
)


_UTC = re.compile(r"(?<![A-Za-z])(?:UTC|GMT|utc|gmt)(?![A-Za-z])|(?<=[a-z])(?:UTC|GMT|Utc|Gmt)$")
_UTC_AND_OFFSET = re.compile(
    r"(?:UTC|GMT) ?([+\-\u2212±]) ?(\d{1,2}(?!\d)|\d{1,2}(?=\d\d(?!\d)))(?:([:.]?)(\d{1,2}))?", re.IGNORECASE
)
_DECIMAL_PARTS = {"5": 30, "50": 30, "25": 15, "75": 45}
# No zone is named by an offset in half or quarter hours; these keep theirs all year, and have since 1995.
_PARTS_OF_HOURS = {
    270: "Asia/Kabul", 330: "Asia/Kolkata", 345: "Asia/Kathmandu", 390: "Asia/Yangon", 570: "Australia/Darwin",
    -570: "Pacific/Marquesas",
}  # fmt: skip
# These move their clocks in summer, or did, so a fixed offset may be another clock than theirs.
SUMMER_TIMES = {
    -210: "America/St_Johns", 210: "Asia/Tehran", 525: "Australia/Eucla", 630: "Australia/Lord_Howe",
    765: "Pacific/Chatham",
}  # fmt: skip
# Whoever writes a zone's winter name above a column means its clock, summer and winter.
ZONES_OF_HEADERS = {
    "PST": "PST8PDT", "PDT": "PST8PDT", "MST": "MST7MDT", "MDT": "MST7MDT", "EST": "EST5EDT", "EDT": "EST5EDT",
    "CET": "CET", "CEST": "CET", "MEZ": "CET", "EET": "EET", "EEST": "EET", "WET": "WET", "MSK": "Europe/Moscow",
    "JST": "Asia/Tokyo", "IRST": "Asia/Tehran", "AEST": "Australia/Sydney", "NZST": "Pacific/Auckland",
}  # fmt: skip
_SHORT_ZONE = re.compile(rf"[ (\[]({'|'.join(ZONES_OF_HEADERS)})[)\]]?$")
_ZONE_ID = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+")


def bare(header: str) -> str:
    """Return a header in its compared form, without text in brackets such as a unit, a currency or "incl. VAT".

    >>> bare("مبلغ (تومان)") == plain("مبلغ"), bare("Amount [USD]"), bare("Discount (%)"), bare("Coupon(s)")
    (True, 'amount', 'discountpercent', 'coupons')
    """
    inside = _BRACKETS.findall(header)
    if not inside or any(_ANOTHER_THING.search(part[1:-1]) for part in inside):
        return plain(header)
    return plain(_BRACKETS.sub(" ", header)) or plain(header)


def zone_named(header: str) -> str | None:
    """Return the zone that a header names as the one of its times, as IANA names it.

    >>> zone_named("Created (UTC)"), zone_named("date_created_gmt"), zone_named("Date (America/Chicago)")
    ('UTC', 'UTC', 'America/Chicago')
    >>> zone_named("Date (UTC+2)"), zone_named("Sale date PST"), zone_named("Created at")
    ('Etc/GMT-2', 'PST8PDT', None)
    >>> zone_named("Date (UTC+5:30)"), zone_named("Date (UTC+05:00)"), zone_named("Date (UTC+3:30)")
    ('Asia/Kolkata', 'Etc/GMT-5', None)
    """
    if (named := _ZONE_ID.search(header)) is not None:
        return named[0] if named[0] in available_zones() else None
    if (minutes := offset_named(header)) is not None:
        return _zone_of(minutes)
    if (short := _SHORT_ZONE.search(header)) is not None:
        return ZONES_OF_HEADERS[short[1]]
    return "UTC" if _UTC.search(header) else None


def offset_named(header: str) -> int | None:
    """Return by how many minutes a header says that its clock is ahead of UTC; None where it names no offset.

    >>> offset_named("Date (UTC-03:30)"), offset_named("Date GMT+0530"), offset_named("UTC+5.5"), offset_named("UTC")
    (-210, 330, 330, None)
    """
    found = _UTC_AND_OFFSET.search(header)
    if found is None:
        return None
    sign, hours, mark, part = found.groups()
    minutes = (_DECIMAL_PARTS.get(part) if mark == "." else None) or int(part or 0)
    return (1 if sign in "+±" else -1) * (int(hours) * 60 + minutes)


def _zone_of(minutes: int) -> str | None:
    if minutes % 60 == 0 and -12 <= minutes // 60 <= 14:
        return f"Etc/GMT{-minutes // 60:+d}" if minutes else "UTC"  # its sign is the other way round
    return _PARTS_OF_HOURS.get(minutes)


@cache
def available_zones() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(available_timezones())


ORDER_ID = plain_names(
    "order id|order number|order no|order #|order_key|orderid|amazon-order-id",
    "order|basket_id|basket id|transaction id|transaction_id",
    "invoice no|invoice number|invoiceno|invoice id|invoice",
    "document no|document number|doc no|doc number|receipt no",
    "receipt number|receipt id|receipt|ticket no|ticket number|ticket",
    "bill no|bill number|voucher no|increment_id|payment id|donation id|booking id|reservation id|name|id|number",
    "αριθμός παραγγελίας|αρ. παραγγελίας|αριθ. παραγγελίας|κωδικός παραγγελίας|κωδ. παραγγελίας|παραγγελία",
    "αριθμός παραστατικού|αρ. παραστατικού|αριθ. παραστατικού|παραστατικό",
    "αριθμός τιμολογίου|αρ. τιμολογίου|αριθ. τιμολογίου|τιμολόγιο",
    "αριθμός απόδειξης|αρ. απόδειξης|απόδειξη",
    "شماره سفارش|کد سفارش|شناسه سفارش|سفارش|شماره فاکتور|فاکتور|شماره سند|شماره رسید",
)
LINE_ID = plain_names(
    "line id|line_id|line item id|lineitem id|order_item_id|order item id|order line id|line no|line number"
)
CUSTOMER_ID = plain_names(
    "customer id|customer_id|customer no|customer number",
    "customer code|customer_code|customerid|client id|client code",
    "client no|account no|account number|account id|account code",
    "debtor no|debtor|buyer id|member id|member no|household_id",
    "user id|user_id|customer_user|customer user id|shopper id|contact id",
    "sold to|bill to customer no|card no|card number|card id|card",
    "customer email|customer_email|billing email|billing_email",
    "email (billing)|email|e-mail|email address|customer|client|debtor name",
    "buyer email|buyer-email|buyer|phone|billing phone|mobile|customer name|bill-to name|billing name",
    "κωδικός πελάτη|κωδ. πελάτη|αριθμός πελάτη|αρ. πελάτη",
    "πελάτης|ΑΦΜ|κάρτα|αριθμός κάρτας|ηλεκτρονικό ταχυδρομείο|όνομα πελάτη|επωνυμία",
    "کد مشتری|شناسه مشتری|شماره مشتری|مشتری|شماره کارت|کد اشتراک|شماره موبایل|موبایل|تلفن|ایمیل|نام مشتری",
)
ORDERED_AT = plain_names(
    "ordered at|ordered_at|order date|order_date|order datetime",
    "date ordered|created at|created_at|date created|date_created",
    "date created gmt|purchase date|purchased at|invoice date",
    "invoicedate|document date|doc date|posting date|transaction date",
    "transaction_timestamp|transaction time|datetime|date time|date and time",
    "order_purchase_timestamp|order_timestamp",
    "timestamp|sale date|sales date|receipt date|day|date|time|created|paid at",
    "ημερομηνία παραγγελίας|ημερομηνία τιμολογίου",
    "ημερομηνία παραστατικού|ημερομηνία έκδοσης|ημερομηνία|ημ/νία|ημνια",
    "تاریخ سفارش|تاریخ فاکتور|تاریخ ثبت|تاریخ خرید|تاریخ سند|تاریخ و ساعت|تاریخ|زمان",
)
TIME = plain_names(
    "order time|time of order|time of day|order hour|order_hour_of_day|time|hour|hour of day",
    "transaction time|sale time|purchase time",
    "uhrzeit|bestellzeit|zeit|stunde|heure|heure de commande|hora|hora del pedido|hora do pedido|ora|orario|tijd|uur",
    "godzina|czas|saat|время|час|ώρα|ώρα παραγγελίας|ساعت|ساعت سفارش|زمان",
)
ZONE = plain_names("time zone|timezone|tz|zeitzone|fuseau horaire|zona horaria|fuso orario|fuso horário|tijdzone")
LINE_AMOUNT = plain_names(
    "line total|line_total|line amount|line value|line net",
    "net line amount|extended price|extended amount|ext price|row total",
    "row_total|item total|item subtotal|sales value|sales_value|net amount",
    "net value|net sales|net|amount net|amount|sales amount|sales",
    "revenue|value|money|spend|paid|turnover|price total",
    "dollar value|dollars",
    "καθαρή αξία|αξία γραμμής|αξία|ποσό|καθαρό ποσό|τζίρος",
    "مبلغ|مبلغ خالص|مبلغ ردیف|خالص|ارزش|مبلغ نهایی",
)
ORDER_TOTAL = plain_names(
    "grand total (purchased)|grand_total|grand total|grand total (base)",
    "order total|order_total|order total amount|total sales",
    "total|total price|total amount|total paid|total value|order amount",
    "invoice total|total gross|gross amount|gross total|subtotal|net sales",
    "σύνολο|γενικό σύνολο|σύνολο παραγγελίας|πληρωτέο|συνολική αξία|συνολικό ποσό",
    "جمع کل|مبلغ کل|جمع سفارش|مبلغ سفارش|جمع فاکتور|مبلغ قابل پرداخت|قیمت کل",
)
PRICE = plain_names(
    "lineitem price|unit price|unit_price|unitprice|item price",
    "item cost|price|price per unit|selling price|sale price",
    "τιμή μονάδας|τιμή|قیمت واحد|قیمت|فی",
)
QUANTITY = plain_names(
    "lineitem quantity|quantity|qty|qty ordered|qty_ordered",
    "item quantity|units|units sold|items sold|num items sold|pieces|pcs",
    "ποσότητα|τεμάχια|τμχ|مقدار|تعداد",
)
DISCOUNT = plain_names(
    "line discount|discount amount|discount_amount|lineitem discount",
    "discount|discount total|discount_total|retail_disc|rebate",
    "έκπτωση|ποσό έκπτωσης|تخفیف|مبلغ تخفیف",
)
PRODUCT_ID = plain_names(
    "lineitem sku|sku|product sku|product_sku|product id|product_id",
    "stock code|stockcode|item code|item no|item number|item id",
    "article no|article number|article|product code|ean|barcode|variant id",
    "material|lineitem name|product name|product|item name|item",
    "description|coffee_name",
    "κωδικός είδους|κωδικός προϊόντος|είδος|προϊόν|περιγραφή",
    "کد کالا|کد محصول|شناسه محصول|کالا|محصول|نام کالا|شرح کالا",
)
CATEGORY = plain_names(
    "product category|product_category|product_category_name|item category|category|category name",
    "product type|product_type|product group|item group|article group|commodity|department",
    "warengruppe|artikelgruppe|produktgruppe|kategorie|catégorie|categoría|categoria|kategori",
    "κατηγορία|κατηγορία προϊόντος|ομάδα ειδών|دسته|دسته بندی|گروه کالا|دسته کالا",
)
RETURNED = plain_names("returned|is returned|is_return|is return|return|return flag|refunded|επιστροφή|مرجوعی")
STATUS = plain_names(
    "financial status|order status|status|order_status|post_status|state",
    "payment status|κατάσταση|κατάσταση παραγγελίας|وضعیت|وضعیت سفارش",
)
CANCELLED_AT = plain_names(
    "cancelled at|cancelled_at|canceled at|canceled_at",
    "cancel date|cancellation date|date cancelled",
)
TEST = plain_names("test|is test|is_test|test order")
CURRENCY = plain_names(
    "currency|currency code|order currency|order_currency",
    "presentment currency|order_currency_code|νόμισμα|ارز|واحد پول",
)

# Columns that an orders file may have beside the ones that are used, with a sentence of their own.
REFUND_AMOUNT = plain_names(
    "refund|refunds|refund amount|refund total|refund value|total refund|total refunds",
    "refunded|refunded amount|amount refunded|total refunded|refunded total",
    "return amount|returned amount|returns value",
    "επιστροφή|επιστροφές|ποσό επιστροφής|επιστροφή χρημάτων|مبلغ مرجوعی|مبلغ برگشتی|مبلغ استرداد|استرداد",
)

ORDERS = {
    "order_id": ORDER_ID, "line_id": LINE_ID, "customer_id": CUSTOMER_ID, "ordered_at": ORDERED_AT, "price": PRICE,
    "quantity": QUANTITY, "discount": DISCOUNT, "product_id": PRODUCT_ID, "category": CATEGORY, "returned": RETURNED,
    "status": STATUS,
    "cancelled_at": CANCELLED_AT, "test": TEST, "currency": CURRENCY,
}  # fmt: skip
EVENTS = {
    "event_id": plain_names("event id|event_id|id"),
    "customer_id": CUSTOMER_ID,
    "kind": plain_names(
        "kind|event|event name|event_name|event type|event_type|type|action|activity|metric|είδος|τύπος|نوع|رویداد"
    ),
    "happened_at": (*plain_names("happened at|occurred at|event time|event date"), *ORDERED_AT),
    "value": plain_names("value|score|points|rating|stars|amount|τιμή|αξία|βαθμολογία|امتیاز|مقدار"),
}
CUSTOMERS = {
    "customer_id": (*CUSTOMER_ID, "id"),
    "owner": plain_names(
        "owner|account manager|account owner|sales rep|salesperson",
        "sales person|rep|store|branch|agent|πωλητής|υπεύθυνος|κατάστημα|مسئول|کارشناس فروش|فروشنده|شعبه",
    ),
    "segment": plain_names("segment|group|customer group|tier|category|customer type|class|ομάδα|κατηγορία|گروه|دسته"),
    "consent": plain_names(
        "consent|accepts marketing|accepts email marketing|marketing consent",
        "email consent|opt in|optin|newsletter|συγκατάθεση|رضایت",
    ),
    "account": plain_names(
        "account|parent|parent account|parent id|parent customer|head office|headquarters|group account",
        "μητρική|μητρικός λογαριασμός|κεντρικό|شرکت مادر|حساب مادر|دفتر مرکزی",
    ),
    "open_ticket": plain_names(
        "open ticket|has open ticket|open complaint|open case|open issue|ticket open",
        "ανοιχτό αίτημα|εκκρεμές αίτημα|ανοιχτό παράπονο|تیکت باز|شکایت باز|درخواست باز",
    ),
    "in_transit": plain_names(
        "in transit|order in transit|in delivery|out for delivery|σε μεταφορά|προς παράδοση|در حال ارسال|در راه"
    ),
    "points": plain_names(
        "points|points balance|loyalty points|unused points|reward points",
        "πόντοι|υπόλοιπο πόντων|βαθμοί|امتیاز|امتیازها|امتیاز باشگاه",
    ),
    "points_expire_on": plain_names(
        "points expire on|points expire|points expiry|points expiry date|points expiration date|points valid until",
        "λήξη πόντων|ημερομηνία λήξης πόντων|انقضای امتیاز|تاریخ انقضای امتیاز",
    ),
    "tier": plain_names("loyalty tier|loyalty level|tier|level|βαθμίδα|επίπεδο|سطح|سطح باشگاه"),
    "tier_drops_on": plain_names(
        "tier drops on|tier expires on|tier expires|tier valid until|tier expiry|tier review date",
        "λήξη βαθμίδας|λήξη επιπέδου|انقضای سطح|تاریخ انقضای سطح",
    ),
    "membership_until": plain_names(
        "membership until|membership ends|membership end|membership expires|membership expiry",
        "member until|renewal date",
        "λήξη συνδρομής|λήξη μέλους|συνδρομή έως|پایان عضویت|انقضای عضویت|تاریخ پایان عضویت",
    ),
    "known_from": plain_names(
        "known from|known since|valid from|valid since|effective from|effective date|segment since|tier since",
        "ισχύει από|σε ισχύ από|γνωστό από|معتبر از|از تاریخ|gültig ab|gültig von|seit|valable depuis|válido desde",
    ),
    "favourite": plain_names(
        "favourite|favorite|favourite category|favorite category|favourite product|favorite product|top category",
        "αγαπημένη κατηγορία|αγαπημένο|αγαπημένο προϊόν|دسته محبوب|کالای محبوب|محصول محبوب|علاقه",
    ),
}
