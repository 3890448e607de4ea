"""The company's own people: roles, profiles, users, queues and groups, and their logins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from salesforce_local_org.base_records import USER_LICENSE_ID
from salesforce_local_org.demo.accounts import ascii_name
from salesforce_local_org.demo.words import ROLES, STAFF

if TYPE_CHECKING:
    from salesforce_local_org.demo.company import Company, Row

_PROFILES = {
    "Larkfield Sales": ("Sells; owns accounts.", ("PermissionsApiEnabled", "PermissionsRunReports")),
    "Larkfield Support": ("Answers cases.", ("PermissionsManageSolutions", "PermissionsManageCases")),
    "Integration (API only)": (None, ("PermissionsApiEnabled", "PermissionsApiUserOnly")),
}
_PROFILE_OF = {
    "Support": "Larkfield Support",
    "VPMarketing": "Marketing User",
    "VPSuccess": "Contract Manager",
}
_PLACE_OF = {
    "SalesEMEA": ("Europe/Berlin", "de_DE", "de"),
    "SalesAPAC": ("Asia/Tokyo", "ja_JP", "ja"),
    "Support": ("Europe/London", "en_GB", "en_US"),
}
_QUEUES = (
    ("Web Leads", "Web_Leads"),
    ("Support Tier 1", "Support_Tier_1"),
    ("Support Tier 2", "Support_Tier_2"),
)
_PUBLIC_GROUPS = (("Deal Desk", "Deal_Desk"), ("Water & Waste Experts", "Water_Waste_Experts"))


def staff(company: Company) -> None:
    """Roles, profiles, users, logins, queues and public groups. Once per org, whatever the scale."""
    company.sellers = [company.org.user_id]
    roles = _roles(company)
    profiles = _profiles(company)
    users = _users(company, roles, profiles)
    _logins(company, users)
    _groups(company, roles)


def _early(company: Company) -> Any:
    return company.span(company.now - timedelta(days=740), company.now - timedelta(days=735))


def _roles(company: Company) -> dict[str, Row]:
    (top,) = company.org.store.find("UserRole", "DeveloperName", "CEO")
    roles: dict[str, Row] = {"CEO": top}
    for key, name, parent in ROLES:
        roles[key] = company.add(
            "UserRole",
            _early(company),
            Name=name,
            DeveloperName=name.replace(" ", ""),
            ParentRoleId=roles[parent]["Id"],
            RollupDescription=name,
            OpportunityAccessForAccountOwner="Edit",
            CaseAccessForAccountOwner="Edit",
            ContactAccessForAccountOwner="Edit",
        )
    return roles


def _profiles(company: Company) -> dict[str, str]:
    standard = {row["Name"]: row["Id"] for row in company.org.store.find("Profile", "UserType", "Standard")}
    return standard | {
        name: company.add(
            "Profile",
            _early(company),
            Name=name,
            Description=description,
            UserType="Standard",
            UserLicenseId=USER_LICENSE_ID,
            **dict.fromkeys(permissions, True),
        )["Id"]
        for name, (description, permissions) in _PROFILES.items()
    }


def _users(company: Company, roles: dict[str, Row], profiles: dict[str, str]) -> list[Row]:
    users: list[Row] = []
    manager: dict[str, str] = {}
    for number, (first, last, title, role, above) in enumerate(STAFF, 1):
        active = "(left)" not in title
        login = (
            company.now - timedelta(hours=3 * number)
            if active
            else company.now - timedelta(days=200 + number)
        )
        alias = ascii_name(first[0] + last)[:8]
        zone, locale, language = _PLACE_OF.get(role, ("America/New_York", "en_US", "en_US"))
        user = company.add(
            "User",
            company.life(company.now - timedelta(days=700)) if active else _early(company),
            Username=f"{alias}{number}@larkfield.example.com",
            FirstName=first,
            LastName=last,
            Email=f"{alias}{number}@example.com",
            Alias=alias,
            CommunityNickname=f"{alias}{number}",
            CompanyName="Larkfield Sensors",
            Title=title,
            Department=roles[role]["Name"],
            Phone=company.phone("617"),
            EmployeeNumber=f"E{number:04d}",
            IsActive=active,
            UserRoleId=roles[role]["Id"],
            ProfileId=profiles[_PROFILE_OF.get(role, "Larkfield Sales")],
            ManagerId=manager.get(above or role),
            TimeZoneSidKey=zone,
            LocaleSidKey=locale,
            LanguageLocaleKey=language,
            EmailEncodingKey="UTF-8",
            DigestFrequency="D",
            DefaultGroupNotificationFrequency="N",
            LastLoginDate=login,
            ForecastEnabled=role.startswith("Sales"),
            NumberOfFailedLogins=3 if number == 14 else 0,
            AboutMe="Likes lakes.\nDislikes drift." if number % 5 == 0 else None,
        )
        users.append(user)
        manager.setdefault(role, user["Id"])
        if active and role.startswith("Sales"):
            company.sellers.append(user["Id"])
        if active and role == "Support":
            company.supporters.append(user["Id"])
    return users


def _logins(company: Company, users: list[Row]) -> None:
    for user in users:
        company.add(
            "UserLogin",
            company.span(user["CreatedDate"], user["LastModifiedDate"]),
            UserId=user["Id"],
            IsFrozen=not user["IsActive"],
            IsPasswordLocked=user["NumberOfFailedLogins"] > 2,
        )


def _groups(company: Company, roles: dict[str, Row]) -> None:
    admin = company.org.user_id
    for kind, named in (("Queue", _QUEUES), ("Regular", _PUBLIC_GROUPS)):
        for name, developer_name in named:
            group = company.add(
                "Group",
                _early(company),
                Name=name,
                DeveloperName=developer_name,
                Type=kind,
                OwnerId=admin,
                Email=f"{developer_name.lower()}@example.com" if kind == "Queue" else None,
                DoesSendEmailToMembers=kind == "Queue",
                DoesIncludeBosses=True,
            )
            if kind == "Queue":
                company.queues.append(group["Id"])
    for role in roles.values():
        for kind in ("Role", "RoleAndSubordinates"):
            company.add(
                "Group",
                _early(company),
                Name=role["Name"],
                DeveloperName=role["DeveloperName"],
                Type=kind,
                OwnerId=admin,
                RelatedId=role["Id"],
                DoesIncludeBosses=False,
            )
