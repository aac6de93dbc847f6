"""The knowledge base: vocabulary, storage and retrieval. Knows neither Streamlit nor calculators."""
