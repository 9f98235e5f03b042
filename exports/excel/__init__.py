"""Writes workbooks, and reads back the rows that a person marked in one."""
