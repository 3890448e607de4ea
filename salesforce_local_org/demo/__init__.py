"""A believable company, the same every time: Larkfield Sensors, who measure water.

Its rows come from dice that always fall alike and from the org's clock, so that the same clock gives the
same org. Nothing in it carries a name, an address or a number of anybody real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.demo.accounts import accounts
from salesforce_local_org.demo.activities import activities
from salesforce_local_org.demo.campaigns import campaigns
from salesforce_local_org.demo.company import Company
from salesforce_local_org.demo.contracts import contracts
from salesforce_local_org.demo.custom import add_custom_objects_and_fields
from salesforce_local_org.demo.documents import dashboards, documents, tags
from salesforce_local_org.demo.landmarks import landmarks
from salesforce_local_org.demo.leads import leads
from salesforce_local_org.demo.opportunities import opportunities
from salesforce_local_org.demo.products import products
from salesforce_local_org.demo.service import service
from salesforce_local_org.demo.staff import staff

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.org import Org

_SETUP = (staff, products, dashboards)
_BUSINESS = (accounts, opportunities, contracts, leads, campaigns, service, activities, documents, tags)


def seed(org: Org, scale: int = 1) -> None:
    """Fill a fresh org, whose base records are there, with the demo company.

    Args:
        org: The org. Its clock says when now is: history reaches back two years from it, and nothing is
            stamped within the last 40 minutes.
        scale: How many helpings of business records. Staff, products, dashboards and the records that
            ``landmarks`` names are there once.

    Raises:
        ValueError: The scale is not a positive number.
    """
    if scale < 1:
        raise ValueError(f"--scale must be 1 or more, not {scale}.")
    add_custom_objects_and_fields(org)
    company = Company(org)
    _write(company, "setup", _SETUP)
    _write(company, "landmarks", (landmarks,))
    for part in range(scale):
        _write(company, f"part {part}", _BUSINESS)


def _write(company: Company, part: str, generators: tuple[Callable[[Company], None], ...]) -> None:
    company.begin_part(part)
    for generate in generators:
        generate(company)
    company.store_part()
