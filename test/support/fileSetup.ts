// Executed before each test file.
import { afterAll } from 'vitest';
import { endFile } from './fileEnd.ts';

afterAll(endFile);
