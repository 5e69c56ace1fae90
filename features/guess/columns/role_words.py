"""The words that headers are made of, by what they tell: when, which order, who; and what is none of these."""

from __future__ import annotations

import re
from functools import cache

from features.sources.plain_text import plain

SHORTEST_PART = 4  # of a word that begins two written as one

# A header is one word or several: `DateOfPurchase`, `date_of_purchase`, `Date of purchase`.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[^\W\d_]+")

WHEN = (
    "date|day|datetime|timestamp|ts|time|at|on|when|dt|am|datum|zeit|zeitpunkt|fecha|data|giorno|dia|jour|dato|tarih|"
    "tarihi|дата|время|ημερομηνια|تاریخ|زمان"
)
OF_ORDER = (
    "order|orders|ordered|purchase|purchased|created|creation|sale|sales|sold|invoice|invoiced|transaction|trans|txn|"
    "placed|paid|payment|receipt|visit|gift|donation|booking|booked|posting|document|bestellung|bestell|bestelldatum|"
    "kauf|kaufdatum|gekauft|verkauf|verkauft|bestellt|rechnung|rechnungsdatum|belegdatum|beleg|commande|achat|facture|"
    "vente|pedido|compra|venta|venda|factura|ordine|acquisto|vendita|fattura|bestelling|aankoop|besteldatum|factuur|zamowienia|zakupu|sprzedazy|siparis|"
    "satis|fatura|заказа|покупки|продажи|чека|παραγγελιας|αγορας|سفارش|خرید|فاکتور"
)
OTHER_TIME = (
    "birth|birthday|born|dob|update|updated|modified|changed|edited|ship|shipped|shipping|dispatch|deliver|delivered|"
    "delivery|due|cancel|cancelled|canceled|refund|refunded|return|returned|approved|carrier|estimated|limit|expire|"
    "expires|expiry|expiration|valid|until|end|signup|registered|registration|first|last|closed|completed|processed|"
    "imported|synced|exported|lieferung|lieferdatum|geburtsdatum|livraison|naissance|entrega|nacimiento|consegna|nascita|"
    "levering|dostawy|teslimat|доставки|рождения"
)
ORDER = (
    "order|orders|invoice|receipt|doc|document|bill|basket|cart|ticket|transaction|trans|txn|check|cheque|sale|purchase|"
    "payment|donation|booking|reservation|rental|visit|appointment|"
    "bestellung|bestell|auftrag|rechnung|beleg|bon|commande|facture|pedido|factura|ordine|scontrino|fattura|bestelling|"
    "factuur|zamowienia|paragon|faktura|siparis|fis|fatura|заказ|заказа|чек|чека|документ|παραγγελιας|سفارش|فاکتور"
)
ORDER_WHOLE = (
    "bestellnummer|bestellnr|auftragsnummer|auftragsnr|rechnungsnummer|rechnungsnr|belegnummer|belegnr|bonnummer|"
    "ordernummer|factuurnummer|bestelnummer"
)
PERSON = (
    "customer|customers|cust|client|clients|buyer|shopper|member|membership|user|account|donor|giver|patient|subscriber|household|"
    "person|guest|player|card|loyalty|contact|debtor|kunde|kunden|kundin|kd|kdn|debitor|mitglied|karte|käufer|käufers|käuferin|besteller|nutzername|benutzername|username|acheteur|adherent|carte|"
    "cliente|comprador|usuario|socio|tarjeta|acquirente|utente|tessera|klant|lid|klantenkaart|klient|klienta|nabywca|karta|"
    "musteri|alici|uye|kart|клиент|клиента|покупатель|карта|карты|πελατης|πελατη|καρτα|مشتری|کاربر|خریدار"
)
PERSON_WHOLE = (
    "kundennummer|kundennr|kundenid|kdnr|kdnummer|debitorennummer|mitgliedsnummer|kartennummer|klantnummer|klantnr|"
    "klantid|lidnummer"
)
ID = "id|ids|no|nr|num|number|code|key|ref|uid|uuid|guid|hash|nummer|numero|n|kod|numer|kodu|номер|код|κωδικος|کد|شماره"
NOT_A_PERSON = (
    "type|group|since|segment|country|city|state|zip|age|gender|sex|rating|note|notes|count|class|level|tier|order|orders|"
    "status|agent|manager|service|discount|price|balance|value|name|first|last|language|locale|ip|brand"
)
# What comes again on many rows as persons do, and is none.
NOT_PERSONS = (
    "method|payment|channel|platform|courier|carrier|category|department|product|item|article|drug|medicine|sku|brand|"
    "model|size|color|colour|variety|varietal|line|day|week|weekday|dow|month|year|hour|quarter|season|staff|employee|"
    "cashier|seller|salesperson|vendor|supplier|merchant|warehouse|outlet|shop|store|branch|location|place|region|area|"
    "district|province|town|reason|source|campaign|coupon|voucher|promo|tax|unit|table|mode|device|browser|gateway|bank|"
    "currency|weather|type|class|artikel|kategorie|marke|filiale|kanal|zahlungsart|canal|linea|categoria|marca|tienda|"
    "producto|vendedor|tipo|produit|categorie|marque|magasin|vendeur|prodotto|negozio|produto|loja|winkel|sklep|magaza|urun"
)
NOT_AN_ORDER = (
    "status|state|type|line|item|items|product|sku|channel|source|hour|dow|weekday|week|count|method|date|shop|store|"
    "branch|currency|amount|total|value|price|gateway|batch|row|parent|original|related"
)
SURE_PERSON = ("unique", "mail", "email", "phone", "mobile", "person", "telefon", "telefono", "correo", "courriel")


def words_of(header: str) -> tuple[str, ...]:
    """Return the words that a header is made of, as they are compared.

    >>> words_of("DateOfPurchase"), words_of("order_purchase_timestamp"), words_of("GROSS AMT")
    (('date', 'of', 'purchase'), ('order', 'purchase', 'timestamp'), ('gross', 'amt'))
    """
    return tuple(part for word in _WORD.findall(header) for part in _parts(plain(word)))


@cache
def _parts(word: str) -> tuple[str, ...]:
    """Return the two known words that are written as one, such as membershipid; else the word itself."""
    lists = (WHEN, OF_ORDER, OTHER_TIME, ORDER, PERSON, ID, NOT_A_PERSON, NOT_PERSONS, NOT_AN_ORDER)
    known = frozenset[str]().union(*map(known_words, lists))
    cuts = () if word in known else range(SHORTEST_PART, len(word) - 1)
    return next(((word[:cut], word[cut:]) for cut in cuts if {word[:cut], word[cut:]} <= known), (word,))


@cache
def known_words(words: str) -> frozenset[str]:
    """Return the words of a list as one set."""
    return frozenset(words.split("|"))
