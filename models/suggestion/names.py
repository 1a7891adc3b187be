"""Names that fields go by in other people's files."""

from models.column_names import words

EXACT, NEAR = 3.0, 2.0

_BEFORE = frozenset({"tx", "txn", "trx", "trans", "transaction", "payment", "pmt", "purchase"})
_AFTER = frozenset(
    {
        "eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "czk", "jpy", "inr", "brl", "aud",
        "cad", "minor", "major", "cents", "cent", "pence", "code", "nr", "no", "num", "number",
        "utc", "local", "ms", "seconds", "secs", "iso",
    }
)  # fmt: skip

# Names that fit, but that other things go by as well.
_WEAK = frozenset({"card1", "data", "deviceinfo", "y"})

# The better name stands first. Accents and case are gone: Währung is wahrung.
_NAMES: dict[str, str] = {
    "transaction_id": "transactionid txid txnid trxid transid paymentid transactionnumber transnum "
    "transactionreference id uuid reference ref transaktionsid transaktionsnummer vorgangsnummer "
    "umsatzid idtransaction numerotransaction idtransaccion idoperacion idtransazione transactieid "
    "betalingid",
    "occurred_at": "occurredat datetime txdatetime transactiondatetime timestamp "
    "transdatetranstime transactiontimestamp transactiontime transactiondate transactiondt "
    "eventtime eventtimestamp purchasetimestamp purchasedate authorisedat authorizedat createdat "
    "booked bookedat bookingtime bookingdate zeitpunkt zeitstempel buchungszeit transaktionszeit "
    "datumuhrzeit datumzeit buchungsdatum transaktionsdatum buchungstag horodatage dateheure "
    "dateoperation datetransaction fechahora fechaoperacion fechatransaccion dataora "
    "dataoperazione datatransazione tijdstip transactiedatum dataehora unixtime epoch ts time date "
    "zeit datum fecha data step",
    "customer_id": "customerid customer clientid client custid cust payerid payer senderid sender "
    "nameorig originator debtor userid user memberid cardholderid kundennummer kundenid kundennr "
    "kunde karteninhaber idclient numeroclient porteur idcliente cliente titular klantid "
    "klantnummer klant cardid cardtoken ccnum cardnumber card pan kartennummer accountid account "
    "accountnumber kontonummer iban card1",
    "merchant_id": "merchantid merchant merchantname shopid shop storeid store sellerid seller "
    "payeeid payee recipientid recipient beneficiaryid beneficiary namedest counterparty creditor "
    "receiver vendor handlerid handlernummer handler haendler verkaufer empfanger commercant "
    "marchand beneficiaire comercio comerciante tienda beneficiario esercente negozio "
    "commerciante winkel handelaar begunstigde terminalid terminal posid",
    "amount": "amount amountminor amt transactionamount transactionamt betrag umsatz montant "
    "importe monto importo bedrag kwota valor value sum summe total price",
    "currency": "currency currencycode ccy curr wahrung waehrung devise monnaie moneda divisa "
    "valuta munt moeda waluta",
    "billing_amount": "billingamount billingamountminor cardholderamount",
    "billing_currency": "billingcurrency cardholdercurrency",
    "channel": "channel paymentchannel kanal canal canale kanaal",
    "type": "type transactiontype txtype txntype messagetype",
    "country": "country merchantcountry transactioncountry land pays pais paese landcode kraj",
    "ip_country": "ipcountry countryip geoipcountry",
    "mcc": "mcc merchantcategorycode merchantcategory categorycode",
    "latitude": "merchlat merchantlatitude terminallatitude latitude lat geolat breitengrad",
    "longitude": "merchlong merchlon merchantlongitude terminallongitude longitude long lon lng "
    "geolon langengrad",
    "device_id": "deviceid device devicefingerprint fingerprint deviceinfo geratid geraeteid gerat "
    "appareil dispositivo",
    "card_token": "cardtoken pantoken cardid cardnumber ccnum pan kartennummer",
    "account_id": "accountid account accountnumber kontonummer iban",
    "terminal_id": "terminalid terminal posid",
    "beneficiary_id": "beneficiaryid beneficiary payeeid payee namedest",
    "entry_mode": "entrymode posentrymode",
    "time_zone": "timezone tz",
    "original_transaction_id": "originaltransactionid originaltxid parenttransactionid",
    "outcome": "outcome",
    "authentication": "authentication",
    "legacy": "legacy legacydecision",
    "label": "isfraud fraud txfraud fraudlabel fraudflag isfraudulent fraudulent istbetrug betrug "
    "betrugsfall estfraude esfraude fraude frode class label target y chargeback ischargeback",
}
_PLACES = {
    field: {name: place for place, name in enumerate(names.split())}
    for field, names in _NAMES.items()
}


def name_score(field: str, column: str) -> float:
    """Return how well a column's name fits a field: above 2 exactly, above 1 nearly, else 0.

    Nearly: without words such as "tx" before it, "code" or a currency after it. Among names that
    fit, better ones score a little higher.
    """
    parts = words(column)
    places = _PLACES[field]
    exact = places.get("".join(parts))
    if exact is not None:
        best = NEAR if "".join(parts) in _WEAK else EXACT
        return best - exact / len(places)
    core = list(parts)
    while len(core) > 1 and core[0] in _BEFORE:
        core.pop(0)
    while len(core) > 1 and core[-1] in _AFTER:
        core.pop()
    near = places.get("".join(core))
    return 0.0 if near is None else NEAR - near / len(places)
