"""The evals' modules, for tests: found through the path that conftest adds."""

from __future__ import annotations

import sys
from pathlib import Path

if (evals := str(Path(__file__).resolve().parents[2] / "evals")) not in sys.path:
    sys.path.append(evals)

import prompt_cache.__main__ as prompt_cache_main
from claims import case as claims_case
from claims import examples as claims_examples
from claims import fitting as claims_fitting
from claims import labelled as claims_labelled
from claims import score as claims_score
from claims import scorers as claims_scorers
from claims import task as claims_task
from claims import train as claims_train
from conversation import case as conversation_case
from conversation import scorers as conversation_scorers
from conversation import task as conversation_task
from copydesk import reading as copydesk_reading
from distinctness import score as distinctness_score
from evidence import score as evidence_score
from faults import score as faults_score
from flattery import case as flattery_case
from flattery import experiment as flattery_experiment
from flattery import judging as flattery_judging
from flattery import scorers as flattery_scorers
from flattery import task as flattery_task
from grounding import reading as grounding_reading
from grounding import scorers as grounding_scorers
from grounding import task as grounding_task
from grounding import truth as grounding_truth
from honest import measure as honest_measure
from injection import case as injection_case
from injection import marks as injection_marks
from injection import scorers as injection_scorers
from injection import task as injection_task
from local_model import guarantees, journey, report, small_model
from prompt_cache import shares
from sharpener import case as sharpener_case
from sharpener import scorers as sharpener_scorers
from sharpener import task as sharpener_task
from sharpener import words as sharpener_words
from skeptic import flaws as skeptic_flaws
from skeptic import perform as skeptic_perform
from skeptic import scorers as skeptic_scorers
from skeptic import task as skeptic_task
from suite import results as suite_results
from suite import speakers as suite_speakers
from suite import task as suite_task
from variants import case as variants_case
from variants import scorers as variants_scorers
from variants import task as variants_task

__all__ = [
    "claims_case",
    "claims_examples",
    "claims_fitting",
    "claims_labelled",
    "claims_score",
    "claims_scorers",
    "claims_task",
    "claims_train",
    "conversation_case",
    "conversation_scorers",
    "conversation_task",
    "copydesk_reading",
    "distinctness_score",
    "evidence_score",
    "faults_score",
    "flattery_case",
    "flattery_experiment",
    "flattery_judging",
    "flattery_scorers",
    "flattery_task",
    "grounding_reading",
    "grounding_scorers",
    "grounding_task",
    "grounding_truth",
    "guarantees",
    "honest_measure",
    "injection_case",
    "injection_marks",
    "injection_scorers",
    "injection_task",
    "journey",
    "prompt_cache_main",
    "report",
    "shares",
    "sharpener_case",
    "sharpener_scorers",
    "sharpener_task",
    "sharpener_words",
    "skeptic_flaws",
    "skeptic_perform",
    "skeptic_scorers",
    "skeptic_task",
    "small_model",
    "suite_results",
    "suite_speakers",
    "suite_task",
    "variants_case",
    "variants_scorers",
    "variants_task",
]
