"""what_binds"""
