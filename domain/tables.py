"""Every table, so that the metadata is whole wherever this is imported."""

from domain.access import ApiKey, CatalogueRevision, TrainingLabel
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.clock import Clock, Notice, Rung
from domain.inbox import InboundMessage
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.policy import Calendar, Policy
from domain.review import Action, Finding, Review
from domain.service import Jurisdiction, Service
from domain.staff import Staff, StaffRole, StaffSession
from domain.survey import Answer, Invitation, Survey, Transaction
from domain.timeline import TimelineEntry

__all__ = [
    "Action",
    "Answer",
    "ApiKey",
    "Calendar",
    "Case",
    "CatalogueRevision",
    "Citizen",
    "Clock",
    "ContactPoint",
    "Finding",
    "InboundMessage",
    "Invitation",
    "Jurisdiction",
    "Notice",
    "Office",
    "OutboundMessage",
    "Policy",
    "Review",
    "Rung",
    "Service",
    "Staff",
    "StaffRole",
    "StaffSession",
    "Survey",
    "TimelineEntry",
    "TrainingLabel",
    "Transaction",
]
