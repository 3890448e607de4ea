"""What every org has before anybody works in it: an administrator, statuses, periods, a price book."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from salesforce_local_org import ids
from salesforce_local_org.clock import format_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from salesforce_local_org.org import Org

Row = dict[str, Any]

AGE = timedelta(days=760)
"""How long the org has been there. Its base records carry that date: no reader takes them for news."""

USER_LICENSE_ID = ids.make("100", 1)
"""UserLicense is none of this org's objects, but every profile names one."""


class Stage(NamedTuple):
    """An opportunity stage, as a new org has them."""

    label: str
    probability: float
    forecast_category: str = "Pipeline"
    forecast_category_name: str = "Pipeline"
    is_closed: bool = False
    is_won: bool = False


STAGES = (
    Stage("Prospecting", 10.0),
    Stage("Qualification", 10.0),
    Stage("Needs Analysis", 20.0),
    Stage("Value Proposition", 50.0),
    Stage("Id. Decision Makers", 60.0),
    Stage("Perception Analysis", 70.0),
    Stage("Proposal/Price Quote", 75.0),
    Stage("Negotiation/Review", 90.0),
    Stage("Closed Won", 100.0, "Closed", "Closed", is_closed=True, is_won=True),
    Stage("Closed Lost", 0.0, "Omitted", "Omitted", is_closed=True),
)

_STATUSES: dict[str, dict[str, Row]] = {
    "LeadStatus": {
        "Open - Not Contacted": {"IsDefault": 1},
        "Working - Contacted": {},
        "Closed - Converted": {"IsConverted": 1},
        "Closed - Not Converted": {},
    },
    "CaseStatus": {"New": {"IsDefault": 1}, "Working": {}, "Escalated": {}, "Closed": {"IsClosed": 1}},
    "TaskStatus": {
        "Not Started": {"IsDefault": 1},
        "In Progress": {},
        "Completed": {"IsClosed": 1},
        "Waiting on someone else": {},
        "Deferred": {},
    },
    "ContractStatus": {
        "In Approval Process": {"StatusCode": "InApproval"},
        "Activated": {"StatusCode": "Activated"},
        "Draft": {"StatusCode": "Draft", "IsDefault": 1},
    },
    "SolutionStatus": {"Draft": {"IsDefault": 1}, "Reviewed": {"IsReviewed": 1}, "Duplicate": {}},
}

_PROFILES = {
    "System Administrator": None,
    "Standard User": ("PermissionsApiEnabled", "PermissionsRunReports"),
    "Marketing User": ("PermissionsApiEnabled", "PermissionsRunReports", "PermissionsImportLeads"),
    "Solution Manager": ("PermissionsApiEnabled", "PermissionsManageSolutions"),
    "Contract Manager": (
        "PermissionsApiEnabled",
        "PermissionsActivateContract",
        "PermissionsDeleteActivatedContract",
    ),
    "Read Only": ("PermissionsRunReports",),
    "Minimum Access - Salesforce": (),
}
"""The standard profiles and what they allow; None allows everything."""

_CURRENCIES = (("USD", 1.0, 1), ("EUR", 0.92, 0), ("GBP", 0.79, 0), ("JPY", 149.5, 0))
_RECORD_TYPES = (("Business Account", 0), ("Person Account", 1))
_FISCAL_YEARS_BACK, _FISCAL_YEARS_AHEAD = 3, 1


def seed_base(org: Org) -> None:
    """Write the base records of a fresh org.

    Raises:
        ValueError: ``org.org_id`` or ``org.user_id`` is not the first id of its object.
    """
    stamp = format_stamp(org.clock.now() - AGE)
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
    always = (
        stamps | dict.fromkeys(("CreatedById", "LastModifiedById"), org.user_id) | {"CurrencyIsoCode": "USD"}
    )
    with org.store.transaction():
        for name, rows in _base_rows(org):
            sobject = org.schema.object(name)
            if sobject is None:
                continue
            columns = {field.name for field in sobject.columns()}
            system = {field: value for field, value in always.items() if field in columns}
            org.store.insert_many(sobject, [system | row for row in rows])


def _base_rows(org: Org) -> Iterator[tuple[str, Iterable[Row]]]:
    profile_ids = _new_ids(org, "Profile", len(_PROFILES))
    (role_id,) = _new_ids(org, "UserRole", 1)
    yield "Organization", [_organization(org)]
    yield "Profile", _profiles(org, profile_ids)
    yield "UserRole", [_role(role_id)]
    yield "User", [_administrator(org, profile_ids[0], role_id)]
    yield "UserLogin", [{"UserId": org.user_id}]
    yield "Group", [_everybody(org)]
    yield "OpportunityStage", [_stage(order, stage) for order, stage in enumerate(STAGES, 1)]
    yield "Period", _periods(org.clock.now().year)
    yield "Pricebook2", [{"Name": "Standard Price Book", "IsStandard": 1, "IsActive": 1}]
    for name in _STATUSES:
        yield name, _statuses(name)
    yield "CurrencyType", _currencies()
    yield "RecordType", _record_types()


def _new_ids(org: Org, name: str, count: int) -> list[str]:
    sobject = org.schema.object(name)
    if sobject is None:
        raise LookupError(f"Every org needs the object {name}, which this schema does not have.")
    return [org.store.new_id(sobject) for _ in range(count)]


def _organization(org: Org) -> Row:
    return {
        "Id": _expected(org, "Organization", org.org_id),
        "Name": "Larkfield Sensors (local org)",
        "OrganizationType": "Developer Edition",
        "InstanceName": "LOC01",
        "Country": "US",
        "DefaultLocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "TimeZoneSidKey": "America/Los_Angeles",
        "FiscalYearStartMonth": 1,
        "IsSandbox": 0,
    }


def _expected(org: Org, name: str, wanted: str) -> str:
    (given,) = _new_ids(org, name, 1)
    if given != wanted:
        raise ValueError(f"The first {name} of a fresh org must be {wanted}, but the store gave {given}.")
    return wanted


def _profiles(org: Org, profile_ids: list[str]) -> Iterator[Row]:
    sobject = org.schema.object("Profile")
    assert sobject is not None
    everything = [field.name for field in sobject.columns() if field.name.startswith("Permissions")]
    for profile_id, (name, allowed) in zip(profile_ids, _PROFILES.items(), strict=True):
        yield {
            "Id": profile_id,
            "Name": name,
            "UserType": "Standard",
            "UserLicenseId": USER_LICENSE_ID,
            **dict.fromkeys(everything if allowed is None else allowed, 1),
        }


def _role(role_id: str) -> Row:
    access = ("OpportunityAccessForAccountOwner", "CaseAccessForAccountOwner", "ContactAccessForAccountOwner")
    return {"Id": role_id, "Name": "CEO", "DeveloperName": "CEO", "RollupDescription": "CEO"} | dict.fromkeys(
        access, "Edit"
    )


def _administrator(org: Org, profile_id: str, role_id: str) -> Row:
    return {
        "Id": _expected(org, "User", org.user_id),
        "Username": "admin@example.com",
        "FirstName": "Local",
        "LastName": "Administrator",
        "Name": "Local Administrator",
        "Email": "admin@example.com",
        "Alias": "admin",
        "CommunityNickname": "admin",
        "IsActive": 1,
        "ProfileId": profile_id,
        "UserRoleId": role_id,
        "UserType": "Standard",
        "TimeZoneSidKey": "America/Los_Angeles",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "DigestFrequency": "D",
        "DefaultGroupNotificationFrequency": "N",
    }


def _everybody(org: Org) -> Row:
    return {
        "Name": "All Internal Users",
        "DeveloperName": "AllInternalUsers",
        "Type": "Organization",
        "OwnerId": org.org_id,
        "DoesIncludeBosses": 0,
    }


def _stage(order: int, stage: Stage) -> Row:
    return {
        "MasterLabel": stage.label,
        "ApiName": stage.label,
        "IsActive": 1,
        "SortOrder": order,
        "IsClosed": int(stage.is_closed),
        "IsWon": int(stage.is_won),
        "ForecastCategory": stage.forecast_category,
        "ForecastCategoryName": stage.forecast_category_name,
        "DefaultProbability": stage.probability,
    }


def _statuses(name: str) -> Iterator[Row]:
    for order, (label, facts) in enumerate(_STATUSES[name].items(), 1):
        yield {"MasterLabel": label, "ApiName": label, "SortOrder": order, **facts}


def _currencies() -> Iterator[Row]:
    for code, rate, is_corporate in _CURRENCIES:
        places = 0 if code == "JPY" else 2
        yield {
            "IsoCode": code,
            "ConversionRate": rate,
            "DecimalPlaces": places,
            "IsActive": 1,
            "IsCorporate": is_corporate,
        }


def _record_types() -> Iterator[Row]:
    for name, is_person_type in _RECORD_TYPES:
        yield {
            "Name": name,
            "DeveloperName": name.replace(" ", "_"),
            "SobjectType": "Account",
            "IsActive": 1,
            "IsPersonType": is_person_type,
        }


def _periods(this_year: int) -> Iterator[Row]:
    """Fiscal years that are calendar years, with their quarters and months."""
    for year in range(this_year - _FISCAL_YEARS_BACK, this_year + _FISCAL_YEARS_AHEAD + 1):
        settings = ids.make("022", year)
        for kind, months in (("Year", 12), ("Quarter", 3), ("Month", 1)):
            for number in range(1, 12 // months + 1):
                label = {"Year": "FY", "Quarter": f"Q{number} FY", "Month": f"FM{number} FY"}[kind]
                yield {
                    "FiscalYearSettingsId": settings,
                    "Type": kind,
                    "StartDate": date(year, (number - 1) * months + 1, 1).isoformat(),
                    "EndDate": _last_day(year, number * months).isoformat(),
                    "IsForecastPeriod": int(kind == "Month"),
                    "Number": number,
                    "FullyQualifiedLabel": f"{label} {year}",
                }


def _last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
