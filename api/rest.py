"""The REST interface, `/api/v1`. Described by its own OpenAPI document at `/api/v1/openapi.json`."""

from fastapi import APIRouter

from api import rest_cases, rest_exports, rest_kpis, rest_registry, rest_transactions

router = APIRouter(prefix="/api/v1")
router.include_router(rest_cases.router, tags=["cases"])
router.include_router(rest_transactions.router, tags=["transactions"])
router.include_router(rest_kpis.router, tags=["figures"])
router.include_router(rest_registry.router, tags=["figures"])
router.include_router(rest_exports.router, tags=["exports"])
