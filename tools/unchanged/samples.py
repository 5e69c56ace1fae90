"""Small files that shops export, and files with faults."""

from __future__ import annotations

from collections.abc import Mapping

SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,\
Lineitem price,Customer ID,Refunded Amount,Cancelled at
#1001,a@example.com,paid,2024-01-05 10:00:00 +0200,EUR,50.00,55.00,2024-01-05 09:58:00 +0200,1,Tea,25.00,7001,0.00,
#1001,a@example.com,,,,,,2024-01-05 09:58:00 +0200,1,Cup,25.00,,,
#1002,b@example.com,refunded,2024-02-07 12:30:00 +0200,EUR,20.00,25.00,2024-02-07 12:29:00 +0200,2,Tea,10.00,7002,25.00,
#1003,a@example.com,paid,2024-03-01 08:00:00 +0200,EUR,80.00,80.00,2024-03-01 07:59:00 +0200,1,Pot,80.00,7001,0.00,
"""
WOOCOMMERCE = """Date,Order #,Revenue (formatted),N. Revenue (formatted),Status,Customer,Customer ID,Customer type,\
Net Sales
2024-01-05 10:00:00,501,55.00,55.00,completed,Ann A,7001,new,50.00
2024-02-07 12:30:00,502,25.00,25.00,cancelled,Ben B,7002,new,20.00
2024-03-01 08:00:00,503,80.00,80.00,processing,Ann A,7001,returning,75.00
"""
MAGENTO = """ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Grand Total (Purchased),Status,\
Customer Email
000000001,Main Store,"Jan 5, 2024, 10:00:00 AM",Ann A,$55.00,$55.00,Complete,a@example.com
000000002,Main Store,"Feb 7, 2024, 12:30:00 PM",Ben B,$25.00,$25.00,Closed,b@example.com
000000003,Main Store,"Mar 1, 2024, 8:00:00 AM",Ann A,$80.00,$80.00,Complete,a@example.com
"""
INVOICES = """InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country
536365;85123A;HEART;6;01/12/2010 08:26;2,55;17850;United Kingdom
C536379;D;Discount;-1;01/12/2010 09:41;27,50;14527;United Kingdom
536367;84879;BIRD;32;15/12/2010 08:34;1,69;13047;United Kingdom
536369;21756;BLOCK;3;20/12/2010 08:35;5,95;17850;United Kingdom
"""
GREEK = """Αριθμός παραγγελίας;Ημερομηνία;Κωδικός πελάτη;Σύνολο
1;05/01/2024;Π1;12,50
2;07/02/2024;Π2;1.020,00
3;21/03/2024;Π1;8,00
"""
STRANGE = "Wann,Wer,Betrag,Note\n2024-01-05,a,5,x\n2024-01-06,b,7,y\n"
BROKEN = """order_id,customer_id,ordered_at,amount
1,a,2024-01-05,5.00
2,,2024-01-06,7.00
3,b,soon,9.00
4,c,2024-01-08,free
5,c,2024-13-08,1e400
6,test,2024-01-09,0
,d,2024-01-10,3.123
1,a,2024-01-05,5.00
"""
TINY_TOML = """[shop]
zone = "Europe/Athens"
currency = "EUR"

[orders]
file = "broken.csv"

[orders.columns]
order_id = "order_id"
customer_id = "customer_id"
ordered_at = "ordered_at"
amount = "amount"
"""
WRONG_TOML = (
    TINY_TOML
    + """
[churn]
horizon_days = "soon"
window = 3

[list]
capacity = 0
rank_by = "gian"
holdout_share = 2

[lists]
capacity = 3
"""
)
COUPON_PLAYBOOK = """[[playbook]]
id = "unused-coupon"
title = "Coupons lie unused"
kinds = ["regular"]
channel = "message"
states = ["active", "at_risk"]
bands = ["medium", "high"]
least_order_days = 3
least_value = 10
what_to_say = "Say which coupons wait, and until when."
opening = [
  "Hello {name}, you usually order {rhythm}, and your coupons are waiting.",
  "Hello, your coupons are waiting.",
]
incentive = "the customer's own coupons"
incentive_cost = 1.50
cost = 0.05
saved = 0.30
saved_low = 0.12
saved_high = 0.48
success_event = "order within the horizon"
due_days = 5
cooldown_days = 21
most_contacts = 2
priority = 15

[[playbook]]
id = "referral"
off = true
"""
EXPORTS: Mapping[str, str] = {
    "shopify.csv": SHOPIFY,
    "woocommerce.csv": WOOCOMMERCE,
    "magento.csv": MAGENTO,
    "invoices.csv": INVOICES,
    "greek.csv": GREEK,
    "strange.csv": STRANGE,
    "broken.csv": BROKEN,
}
FAULTY: Mapping[str, str] = {
    "broken.csv": BROKEN,
    "tiny.toml": TINY_TOML,
    "wrong.toml": WRONG_TOML,
    "no.toml": "[shop\n",
    "outcomes.csv": "entry_id,outcome,happened_on\n20230101-000000000000,saved,2023-01-02\nx,savd,soon\n",
    "contacts.csv": "customer_id,contacted_on,channel,cost\nC1,2999-01-01,call,2.00\nC2,2023-01-02,pigeon,much\n",
    "columns.csv": "customer,day\n1,2\n",
}
