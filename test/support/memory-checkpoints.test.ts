import { checkpointContract } from '../persistence/checkpoint-contract.ts'
import { MemoryCheckpoints } from './memory-checkpoints.ts'

checkpointContract('MemoryCheckpoints', () => Promise.resolve(new MemoryCheckpoints()))
