"""Every table, so that the metadata is whole wherever this is imported."""

from domain.access import ApiKey, CatalogueChange, CatalogueRevision, TrainingLabel
from domain.anchor import Anchor, AnchorLeaf
from domain.answer import AnswerDraft, CasePresence, GivenAnswer, SavedReply, SavedReplyVersion, Translation
from domain.asking import AskingBudget, AskingDay, AskingPlan
from domain.assisted import BookPage, CallBack
from domain.attachment import Attachment
from domain.case import Case
from domain.cause import CaseCause, Cause, CauseChange
from domain.citizen import Citizen, ContactJoin, ContactPoint, ContactProof
from domain.clock import Clock, Notice, Rung
from domain.closing import Appeal, CaseLink, SolvedCheck, SolvedQuestion
from domain.conversation import Conversation
from domain.crowd import Likeness, Relay, Surge
from domain.dashboard import DashboardLink, DashboardMail
from domain.export import Export, ExportFetch, ExportPlan
from domain.figures import FigureCase, FigureCell, FigureMark, FigureOffice, FigureState, FigureTree
from domain.flag import FlagVerdict, MoneyMonth, SurveyFlag, SurveyLook
from domain.inbox import InboundMessage
from domain.kiosk import KioskDevice
from domain.ledger import Reminder, TransactionTask, TransactionUpload, UploadPart
from domain.office import Office
from domain.opinion import Opinion
from domain.outbox import OutboundMessage
from domain.pack import Attendance, MinutesNote, Raised, ReviewPack, ReviewPlan, SampleCheck
from domain.past import PastCase, PastImport
from domain.policy import Calendar, Correction, Policy
from domain.publication import Publication, PublicationAct, PublicDecision, PublishedFigure
from domain.queue import BulkAct, BulkItem, SavedView
from domain.reach import StaffContact, StaffMessage
from domain.review import Action, ActionEntry, ActionRung, Finding, Review
from domain.sender import Sender
from domain.service import Area, Jurisdiction, Service
from domain.staff import Absence, RecoveryCode, Staff, StaffLink, StaffRole, StaffSession
from domain.survey import Answer, Invitation, Survey, Transaction
from domain.timeline import TimelineEntry
from domain.training import TrainingRun
from domain.trial import Trial, TrialAssignment
from domain.wording import Wording
from domain.words import CaseWords

__all__ = [
    "Absence",
    "Action",
    "ActionEntry",
    "ActionRung",
    "Anchor",
    "AnchorLeaf",
    "Answer",
    "AnswerDraft",
    "ApiKey",
    "Appeal",
    "Area",
    "AskingBudget",
    "AskingDay",
    "AskingPlan",
    "Attachment",
    "Attendance",
    "BookPage",
    "BulkAct",
    "BulkItem",
    "Calendar",
    "CallBack",
    "Case",
    "CaseCause",
    "CaseLink",
    "CasePresence",
    "CaseWords",
    "CatalogueChange",
    "CatalogueRevision",
    "Cause",
    "CauseChange",
    "Citizen",
    "Clock",
    "ContactJoin",
    "ContactPoint",
    "ContactProof",
    "Conversation",
    "Correction",
    "DashboardLink",
    "DashboardMail",
    "Export",
    "ExportFetch",
    "ExportPlan",
    "FigureCase",
    "FigureCell",
    "FigureMark",
    "FigureOffice",
    "FigureState",
    "FigureTree",
    "Finding",
    "FlagVerdict",
    "GivenAnswer",
    "InboundMessage",
    "Invitation",
    "Jurisdiction",
    "KioskDevice",
    "Likeness",
    "MinutesNote",
    "MoneyMonth",
    "Notice",
    "Office",
    "Opinion",
    "OutboundMessage",
    "PastCase",
    "PastImport",
    "Policy",
    "PublicDecision",
    "Publication",
    "PublicationAct",
    "PublishedFigure",
    "Raised",
    "RecoveryCode",
    "Relay",
    "Reminder",
    "Review",
    "ReviewPack",
    "ReviewPlan",
    "Rung",
    "SampleCheck",
    "SavedReply",
    "SavedReplyVersion",
    "SavedView",
    "Sender",
    "Service",
    "SolvedCheck",
    "SolvedQuestion",
    "Staff",
    "StaffContact",
    "StaffLink",
    "StaffMessage",
    "StaffRole",
    "StaffSession",
    "Surge",
    "Survey",
    "SurveyFlag",
    "SurveyLook",
    "TimelineEntry",
    "TrainingLabel",
    "TrainingRun",
    "Transaction",
    "TransactionTask",
    "TransactionUpload",
    "Translation",
    "Trial",
    "TrialAssignment",
    "UploadPart",
    "Wording",
]
