"""The papers of a case as PDF, picture and DOCX. A pure rendering room: it knows neither cases nor bundles."""
