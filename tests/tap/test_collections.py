from __future__ import annotations

from tap_salesforce_seg.collections import BY_OBJECT, COLLECTIONS

DOCUMENTED_IRREGULAR = {
    "Group": "_group",
    "UserRole": "role",
    "Name": "names",
    "Pricebook2": "price_books",
    "PricebookEntry": "price_book_entries",
    "Product2": "products",
    "OpportunityLineItem": "opportunity_product",
    "OpportunityTag": "opportunity_tag",
    "UserLogin": "user_login",
    "Period": "period",
    "Profile": "profile",
}


def test_there_are_the_48_documented_collections() -> None:
    assert len(COLLECTIONS) == len({each.name for each in COLLECTIONS}) == len(BY_OBJECT) == 48
    assert COLLECTIONS[0].name == "accounts"
    assert COLLECTIONS[-1].name == "role"


def test_irregular_names_are_the_documented_ones() -> None:
    assert {sobject: BY_OBJECT[sobject].name for sobject in DOCUMENTED_IRREGULAR} == DOCUMENTED_IRREGULAR


def test_every_tag_collection_says_what_its_absence_means() -> None:
    tags = [each for each in COLLECTIONS if each.sobject.endswith("Tag")]
    assert len(tags) == 13
    assert all("tagging is off" in each.if_absent for each in tags)
