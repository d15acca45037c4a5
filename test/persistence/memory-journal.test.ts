import { MemoryJournal } from '../../src/persistence/memory-journal.ts'
import { journalContract } from './journal-contract.ts'

journalContract('MemoryJournal', () => Promise.resolve(new MemoryJournal()))
