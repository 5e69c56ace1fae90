"""The names that shops give to columns of money and quantity, in the languages of the usual shop systems, best first.

`headers.py` holds the English, Greek and Persian ones that come first; these are looked for after them.
"""

from __future__ import annotations

import re

from features.guess.columns import headers
from features.sources.plain_text import plain, plain_names

LINE_AMOUNT = headers.LINE_AMOUNT + plain_names(
    "amount paid|paid amount|purchase amount|sale amount|transaction amount|gross amt|net amt|amt|donation amount",
    "gift amount|payment amount|charge amount|basket value|order value|item revenue|line revenue|summ|sum",
    "summe netto|netto summe|nettosumme|betrag netto|netto betrag|summe brutto|brutto summe|bruttosumme|betrag brutto",
    "bruttobetrag|brutto betrag|gesamt netto|gesamt brutto|importe bruto|totale netto|totale lordo|lordo|imponibile",
    "valor bruto|valor líquido|kwota netto|kwota brutto|total brut|total net|net toplam|brüt toplam|bedrag excl btw",
    "bedrag incl btw|totaal excl btw|totaal incl btw",
    "positionsbetrag|zeilenbetrag|zeilensumme|gesamtpreis|nettobetrag|betrag|warenwert|umsatz|netto|summe|wert|brutto",
    "total ligne|montant ligne|montant ht|montant ttc|montant net|prix total|montant|chiffre d'affaires|ca",
    "total línea|importe línea|importe neto|importe|monto|ventas|ingresos|valor",
    "totale riga|importo riga|importo netto|importo|fatturato|ricavo|valore",
    "total da linha|valor total do item|valor pago|montante|receita",
    "regeltotaal|regelbedrag|nettobedrag|bedrag|omzet|waarde",
    "wartość brutto|wartość netto|wartość|kwota|przychód|suma",
    "satır tutarı|net tutar|tutar|ciro",
    "σύνολο γραμμής|αξία γραμμής|ποσό γραμμής|συνολική αξία|αξία|جمع سطر|مبلغ سطر|جمع ردیف|مبلغ ردیف|جمع مبلغ",
    "сумма строки|сумма со скидкой|сумма|стоимость|выручка|оборот",
)
ORDER_TOTAL = headers.ORDER_TOTAL + plain_names(
    "order_amount|bill amount|total spent|total due|amount due|checkout total",
    "gesamtsumme|gesamtbetrag|bestellwert|rechnungsbetrag|bestellsumme|auftragswert|endbetrag|gesamt",
    "total ttc|total commande|total de la commande|montant total|montant de la commande|total ht",
    "importe total|total pedido|total del pedido|monto total",
    "totale ordine|importo totale|totale fattura|totale",
    "valor total|total do pedido|total da encomenda",
    "ordertotaal|totaalbedrag|bestelwaarde|factuurbedrag|totaal",
    "wartość zamówienia|suma zamówienia|kwota razem|do zapłaty|razem|łącznie",
    "genel toplam|sipariş tutarı|sipariş toplamı|toplam tutar|ödenen tutar|toplam",
    "сумма заказа|общая сумма|к оплате|итого|всего",
)
SURE_UNIT = plain_names(
    "lineitem price|unit price|unit_price|unitprice|price per unit|price each|price/unit|unit cost|list price",
    "stückpreis|einzelpreis|preis pro stück|prix unitaire|pu|pu ht|precio unitario|prezzo unitario|preço unitário",
    "preco unitario|stukprijs|prijs per stuk|eenheidsprijs|cena jednostkowa|birim fiyat|birim fiyatı|цена за единицу",
    "цена за шт|τιμή μονάδας|قیمت واحد|فی",
)
PRICE = (
    headers.PRICE
    + SURE_UNIT
    + plain_names("sales price|preis|vk preis|prix|precio|prezzo|preço|preco|prijs|cena|fiyat|цена")
)
QUANTITY = headers.QUANTITY + plain_names(
    "quantity-purchased|item count|number of items|no of items|menge|anzahl|stückzahl|stück|quantité|qté|nombre",
    "cantidad|cant|unidades|quantità|q.tà|qta|quantidade|qtd|qtde|aantal|hoeveelheid|ilość|liczba|adet|miktar",
    "количество|кол-во|шт|units sold|quantity sold|qty sold|items sold|sold quantity|pieces sold|verkaufte menge",
    "verkaufte stückzahl|menge verkauft|quantité vendue|quantités vendues|cantidad vendida|unidades vendidas",
    "quantità venduta|quantidade vendida|aantal verkocht|verkochte aantal|sprzedana ilość|satılan adet|продано",
    "продано штук|продано шт",
)
DISCOUNT = headers.DISCOUNT + plain_names(
    "item-promotion-discount|promotion discount|discount value|total discount|total discounts|order discount",
    "rabatt|rabattbetrag|nachlass|preisnachlass|remise|réduction|montant remise|descuento|rebaja|sconto|desconto",
    "korting|rabat|zniżka|upust|indirim|indirim tutarı|iskonto|скидка|сумма скидки",
    "discount %|discount percent|discount pct|discount rate|discount share|rabatt %|rabatt in %|remise %|descuento %",
    "sconto %|desconto %|korting %|rabat %|indirim %|indirim oranı|скидка %|έκπτωση %|درصد تخفیف",
)
REFUND = headers.REFUND_AMOUNT + plain_names(
    "total_refunded|refunded_total|refund_total|money refunded|erstattungsbetrag|erstatteter betrag|erstattet",
    "rückerstattung|erstattung|montant remboursé|remboursement|remboursé|importe reembolsado|reembolso",
    "importe devuelto",
    "importo rimborsato|rimborso|valor reembolsado|valor devolvido|terugbetaald bedrag|terugbetaling",
    "kwota zwrotu|zwrot",
    "iade tutarı|iade edilen tutar|сумма возврата|возврат|возвращено",
)
TAX = plain_names(
    "tax|taxes|total tax|tax amount|tax_paid|sales tax|vat|vat amount|gst|item-tax|mwst|ust|mehrwertsteuer|steuer|tva",
    "iva|impuesto|imposto|btw|kwota vat|kdv|ндс|φπα|مالیات",
)
FREIGHT = plain_names(
    "shipping|shipping cost|shipping price|shipping amount|shipping total|shipping fee|shipping-price|freight",
    "freight_value|delivery fee|delivery cost|delivery|postage|versand|versandkosten|frais de port|livraison|envío",
    "gastos de envío|spedizione|spese di spedizione|frete|portes|verzendkosten|koszt dostawy|dostawa|kargo",
    "kargo ücreti|доставка|μεταφορικά|έξοδα αποστολής|ارسال|هزینه ارسال",
)
# What a header says of an amount after discount, and of one before it.
AFTER_DISCOUNT = re.compile(
    r"(with|after|incl|net.?of|less).{0,4}disc|discounted|со.?скидк|nach.?rabatt|après.?remise|con.?descuento|scontat|"
    r"com.?desconto|na.?korting|po.?rabac|indirimli|με.?έκπτωση|پس از تخفیف|با تخفیف",
    re.IGNORECASE,
)
BEFORE_DISCOUNT = re.compile(
    r"(before|without|w/?o|excl|pre).{0,4}disc|list.?(price|total)|undiscounted|без.?скидк|vor.?rabatt|avant.?remise|"
    r"sin.?descuento|prima.?dello.?sconto|sem.?desconto|voor.?korting|przed.?rabatem|indirimsiz|قبل از تخفیف",
    re.IGNORECASE,
)
REFUNDED = re.compile(
    r"refund|erstatt|rembours|reembols|rimbors|terugbetaa|zwrot|\biade\b|возврат|επιστροφ|مرجوع|استرداد", re.IGNORECASE
)
SHARE = re.compile(r"%|٪|percent|pct|\brate\b|share|oran|درصد|ποσοστ", re.IGNORECASE)
MINOR = re.compile(
    r"\bin.?cents?\b|[_ (]cents?\b|\bcents$|[_ ]minor\b|minor.?units?|\bpence\b|\bgrosz|\bkuruş|\bкоп|[_ ]in.?pence",
    re.IGNORECASE,
)
# Exports whose amounts are in minor units by convention: their columns, as they are compared.
JAFFLE_SHOP = plain_names("user_id|order_date|status|payment_method|amount")  # the example shop of dbt counts cents
MINOR_EXPORTS = {
    "charges of Stripe": plain_names("id|amount|amount_refunded|captured|currency"),
    "payments of Stripe": plain_names("id|amount|amount_refunded|currency|payment_intent"),
    "payment intents of Stripe": plain_names("id|amount|amount_received|currency"),
    "the raw orders of jaffle-shop": plain_names("id|customer|ordered_at|store_id|subtotal|tax_paid|order_total"),
    "orders of Square": plain_names("id|location_id|total_money_amount"),
    "payments of Square": plain_names("id|location_id|amount_money_amount"),
    "orders of Mollie or Adyen": plain_names("pspreference|merchantaccount|amount_value"),
}
# Numbers that no money is: a file in which nothing else is a number holds none.
NO_MONEY = re.compile(
    r"(^|[_\W])(id|ids|no|nr|num|number|code|key|zip|plz|postcode|postal|year|month|week|day|hour|minute|age|count|rank|"
    r"index|row|line|store|shop|branch|lat|lon|lng|phone|mobile|point|rating|star|score|version|quantity|qty|duration|"
    r"length|weight|height|size|distance|visit|night|guest|person|pax|seat|item|unit|kg|km|percent|sequence|seq)s?($|[_\W])|"
    r"(?<!pa)id$|^unnamed",
    re.IGNORECASE,
)
PIECES_OR_MONEY = plain_names("amount|amt")
AMAZON, AMAZON_PRICE = plain("amazon-order-id"), plain("item-price")
