"""What the company sells: products, price books and their entries."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from salesforce_local_org.demo.words import PRODUCTS

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

_DISCOUNTED_BOOKS = (
    ("Partner Price Book", 0.8, True, False, "For resellers; 20 % off."),
    ('Utilities Framework "2024"', 0.7, True, False, "Rahmenvertrag Wasserversorger"),
    ("Old Prices", 0.93, False, True, None),
)


def products(company: Company) -> None:
    """Products and what they cost in each price book. Once per org, whatever the scale."""
    (standard,) = company.org.store.find("Pricebook2", "IsStandard", 1)
    sold = [_product(company, *line) for line in PRODUCTS]
    entries = {row["Id"]: _entry(company, standard["Id"], row, price) for row, price in sold}
    for name, factor, active, archived, description in _DISCOUNTED_BOOKS:
        book = company.add(
            "Pricebook2",
            company.life(),
            Name=name,
            IsActive=active,
            IsArchived=archived,
            IsStandard=False,
            Description=description,
        )
        for row, price in sold[::2] if archived else sold:
            _entry(company, book["Id"], row, round(price * factor, 2), active=active, archived=archived)
    company.price_book_entries = [entry for entry in entries.values() if entry["IsActive"]]
    _withdrawn(company, standard["Id"])


def _product(company: Company, code: str, name: str, family: str, price: float) -> tuple[Row, float]:
    row = company.add(
        "Product2",
        company.span(
            company.now - timedelta(days=720), company.now - timedelta(days=company.dice.randint(1, 300))
        ),
        Name=name,
        ProductCode=code,
        Family=family,
        Description=f"{name}. See the data sheet." if company.chance(0.7) else None,
        IsActive=True,
        StockKeepingUnit=f"{code}-{company.serial('sku', 1000)}",
        DisplayUrl=f"https://example.com/products/{code.lower()}",
        QuantityUnitOfMeasure="Each",
    )
    return row, price


def _entry(
    company: Company, book: str, product: Row, price: float, *, active: bool = True, archived: bool = False
) -> Row:
    return company.add(
        "PricebookEntry",
        company.life(product["CreatedDate"]),
        Name=product["Name"],
        Pricebook2Id=book,
        Product2Id=product["Id"],
        ProductCode=product["ProductCode"],
        UnitPrice=price,
        IsActive=active,
        IsArchived=archived,
        UseStandardPrice=False,
    )


def _withdrawn(company: Company, standard: str) -> None:
    """One product no longer sold, one deleted with its price."""
    old, _ = _product(company, "LK-S0", "Clearwater Probe S0 (withdrawn)", "Sensors", 0.0)
    old |= {"IsActive": False, "IsArchived": True}
    _entry(company, standard, old, 0.01, active=False, archived=True)
    gone = company.life(deleted=True)
    mistake = company.add("Product2", gone, Name="Produt entered twiec", ProductCode="LK-S1", IsActive=False)
    company.add(
        "PricebookEntry",
        gone,
        Name=mistake["Name"],
        Pricebook2Id=standard,
        Product2Id=mistake["Id"],
        ProductCode=mistake["ProductCode"],
        UnitPrice=480.0,
        IsActive=False,
    )
