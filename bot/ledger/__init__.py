"""Licences of this place: their kinds, the ledger, who is told when one runs out, and what came of it."""
