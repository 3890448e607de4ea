"""The 48 collections of Segment's Salesforce source, in the documented order, as data.

From Segment's documentation, page "Salesforce Source", section "Collections": the name of each collection and
the Salesforce object it corresponds to.
"""

from __future__ import annotations

from dataclasses import dataclass

READ = "give the user Read on the object, by profile or permission set"


@dataclass(frozen=True, slots=True)
class Collection:
    """A documented collection: what users call it, and where it comes from."""

    name: str
    sobject: str
    if_absent: str = f"this org does not have it, or the user may not see it ({READ})"
    """Why a login may not find the object, and what can be done."""


_TAGGING = "tagging is off in this org (Setup: Tag Settings)"
_SCHEDULES = "product schedules are off in this org (Setup: Product Schedules Settings)"
_PRODUCTS = f"products are off in this org, or the user may not see them ({READ})"
_PERMISSION = f"the user may not see it ({READ})"

COLLECTIONS: tuple[Collection, ...] = (
    Collection("accounts", "Account"),
    Collection("account_contact_roles", "AccountContactRole"),
    Collection("account_tags", "AccountTag", _TAGGING),
    Collection("campaigns", "Campaign", _PERMISSION),
    Collection("campaign_members", "CampaignMember", _PERMISSION),
    Collection("campaign_shares", "CampaignShare", _PERMISSION),
    Collection("campaign_tags", "CampaignTag", _TAGGING),
    Collection("cases", "Case"),
    Collection("case_comments", "CaseComment"),
    Collection("case_contact_role", "CaseContactRole"),
    Collection("case_solution", "CaseSolution"),
    Collection("case_tags", "CaseTag", _TAGGING),
    Collection("contacts", "Contact"),
    Collection("contact_tags", "ContactTag", _TAGGING),
    Collection("contracts", "Contract"),
    Collection("contract_tags", "ContractTag", _TAGGING),
    Collection("dashboards", "Dashboard"),
    Collection("dashboard_tags", "DashboardTag", _TAGGING),
    Collection("documents", "Document"),
    Collection("document_tags", "DocumentTag", _TAGGING),
    Collection("events", "Event"),
    Collection("event_tags", "EventTag", _TAGGING),
    Collection("_group", "Group"),
    Collection("leads", "Lead"),
    Collection("lead_tags", "LeadTag", _TAGGING),
    Collection("names", "Name"),
    Collection("notes", "Note"),
    Collection("note_tags", "NoteTag", _TAGGING),
    Collection("opportunities", "Opportunity"),
    Collection("opportunity_competitor", "OpportunityCompetitor"),
    Collection("opportunity_contact_role", "OpportunityContactRole"),
    Collection("opportunity_field_history", "OpportunityFieldHistory"),
    Collection("opportunity_product", "OpportunityLineItem", _PRODUCTS),
    Collection("opportunity_line_item_schedules", "OpportunityLineItemSchedule", _SCHEDULES),
    Collection("opportunity_stage", "OpportunityStage"),
    Collection("opportunity_tag", "OpportunityTag", _TAGGING),
    Collection("period", "Period"),
    Collection("price_books", "Pricebook2", _PRODUCTS),
    Collection("price_book_entries", "PricebookEntry", _PRODUCTS),
    Collection("products", "Product2", _PRODUCTS),
    Collection("profile", "Profile"),
    Collection("solutions", "Solution", "solutions are off in this org (Setup: Solution Settings)"),
    Collection("solution_tags", "SolutionTag", _TAGGING),
    Collection("tasks", "Task"),
    Collection("task_tags", "TaskTag", _TAGGING),
    Collection("users", "User"),
    Collection(
        "user_login", "UserLogin", "the user lacks the permission Manage Users (Setup: Permission Sets)"
    ),
    Collection(
        "role",
        "UserRole",
        "the user lacks the permission View Roles and Role Hierarchy (Setup: Permission Sets)",
    ),
)

BY_OBJECT: dict[str, Collection] = {each.sobject: each for each in COLLECTIONS}
