"""Which amounts does Stripe take? (docs.stripe.com/currencies)"""

from portal.stripe_sandbox.errors import Refusal

_ZERO_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf"
_THREE_DECIMALS = "bhd jod kwd omr tnd"
_OTHERS = (
    "afn all amd ang aoa ars awg azn bam bbd bdt bgn bhd bif bmd bnd bob bsd bwp byn bzd cdf clp cny cop crc cve djf"
    " dop dzd egp etb fjd fkp gel gip gmd gnf gtq gyd hnl htg idr ils isk jmd jod kes kgs khr kmf krw kwd kyd kzt lak"
    " lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mzn nad ngn nio npr omr pab pen pgk php pkr pyg qar rsd"
    " rub rwf sar sbd scr shp sle sos srd std szl tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof"
    " xpf yer zar zmw"
)
ZERO_DECIMALS = frozenset(_ZERO_DECIMALS.split())
THREE_DECIMALS = frozenset(_THREE_DECIMALS.split())
OTHERS = frozenset(_OTHERS.split())  # no minimum is published: it is half a dollar at the day's rate, unknown here
LARGEST = 99_999_999

# Smallest charge, in the minor unit.
MINIMUMS = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip


def written(amount: int, currency: str) -> str:
    """Write an amount for a message, such as `12.50 eur`."""
    digits = 0 if currency in ZERO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return f"{amount / 10**digits:.{digits}f} {currency}"


def check_currency(currency: str, param: str) -> str:
    """Return the currency in small letters, or refuse one that Stripe does not charge in."""
    small = currency.lower()
    if small not in MINIMUMS and small not in OTHERS:
        raise Refusal(f"Invalid currency: {currency}", param=param)
    return small


def check_amount(amount: int, currency: str, param: str, what: str = "Amount") -> None:
    """Refuse what cannot be charged: too little, too much, or a fraction of the smallest coin."""
    if amount < 1:
        raise Refusal("This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=param)
    least = MINIMUMS.get(currency, 1)
    if amount < least:
        raise Refusal(f"{what} must be at least {written(least, currency)}", code="amount_too_small", param=param)
    if amount > LARGEST:
        raise Refusal(f"{what} must be no more than {written(LARGEST, currency)}", code="amount_too_large", param=param)
    check_coin(amount, currency, param)


def check_coin(amount: int, currency: str, param: str) -> None:
    """Refuse a last digit other than 0 in a currency of three decimals."""
    if currency in THREE_DECIMALS and amount % 10:
        message = f"Invalid amount: in {currency} the least significant digit must be 0"
        raise Refusal(message, code="parameter_invalid_integer", param=param)
