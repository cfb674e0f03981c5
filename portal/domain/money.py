"""How many minor units has a currency, and how is an amount rounded?"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# Stripe's own digits; Babel's, which only serve to write amounts, differ (ISK, UGX, HUF, TWD).
_NO_DIGITS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD JOD KWD OMR TND"

# ISO 4217, legal tender in 2026: no funds, metals or test codes, and nothing that the euro has replaced.
_IN_USE = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND
    TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_DIGITS = dict.fromkeys(_NO_DIGITS.split(), 0) | dict.fromkeys(_THREE_DIGITS.split(), 3)
_CURRENCIES = frozenset(_IN_USE.split())


@dataclass(frozen=True)
class Amount:
    """Money: minor units, as Stripe counts them, of a currency in capital letters."""

    minor: int
    currency: str

    def __str__(self) -> str:
        digits = minor_digits(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"


def is_currency(code: str) -> bool:
    """Tell whether these are the three capital letters of a currency in use."""
    return code in _CURRENCIES


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit stands for, as Stripe counts them: 0, 2 or 3."""
    return _DIGITS.get(currency, 2)


def half_up(amount: Decimal | Fraction) -> int:
    """Round to a whole number; a half goes away from zero."""
    numerator, denominator = amount.as_integer_ratio()
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def share(amount_minor: int, percent: Decimal) -> int:
    """Return that percentage of an amount, rounded once."""
    return half_up(Fraction(percent) * amount_minor / 100)


def tax_in(gross_minor: int, rate_percent: Decimal | None) -> int:
    """Return the tax that an amount contains, its price including it; 0 where there is no rate."""
    if not rate_percent:
        return 0
    rate = Fraction(rate_percent)
    return half_up(gross_minor * rate / (100 + rate))
