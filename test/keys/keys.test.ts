import { beforeAll, describe, expect, it } from 'vitest';
import { hashOfToken } from '../../src/domain/apiKey.ts';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import { rangeOf } from '../../src/store/window.ts';
