import { openPostgres } from '../support/stores.ts';
import { storeContract } from './contract.ts';

storeContract(() => openPostgres());
