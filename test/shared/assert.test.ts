import { expect, it } from 'vitest';
import {
  assertBytes,
  assertFinite,
  assertInteger,
  assertPositive,
  assertString,
} from '../../shared/assert/assert.ts';

it('accepts what fits', () => {
  assertFinite('x', -1.5);
  assertInteger('x', 3, 3, 3);
  assertPositive('x', Number.MIN_VALUE);
  assertBytes('x', new Uint8Array(2), 2);
  assertString('x', 'ab', 2);
});

it('throws TypeError for the wrong kind, with the name', () => {
  for (const wrong of ['1', null, undefined, 1n, [1], new Number(1)]) {
    expect(() => assertFinite('size', wrong)).toThrow(TypeError);
    expect(() => assertInteger('size', wrong)).toThrow(TypeError);
    expect(() => assertPositive('size', wrong)).toThrow('size');
  }
  expect(() => assertBytes('seed', [1, 2])).toThrow(TypeError);
  expect(() => assertBytes('seed', new ArrayBuffer(2))).toThrow('seed');
  expect(() => assertString('site', 5)).toThrow(TypeError);
});

it('throws RangeError for the wrong value, with the name', () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => assertFinite('size', wrong)).toThrow(RangeError);
    expect(() => assertInteger('size', wrong)).toThrow('size');
  }
  expect(() => assertInteger('size', 1.5)).toThrow(RangeError);
  expect(() => assertInteger('size', 2 ** 53)).toThrow(RangeError);
  expect(() => assertInteger('size', 0, 1, 9)).toThrow('size must lie in [1, 9]');
  expect(() => assertPositive('size', 0)).toThrow(RangeError);
  expect(() => assertBytes('seed', new Uint8Array(31), 32)).toThrow(RangeError);
  expect(() => assertString('site', 'abc', 2)).toThrow(RangeError);
});
