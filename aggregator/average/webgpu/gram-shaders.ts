/** WGSL of the Gram matrix in balanced digits; made for a number of digits. */

export const TILE = 16;
/** Invocations of a workgroup that cuts coordinates into digits. */
export const GROUP = 64;

/** [rows][words·4] int32 to [digits][rows][words]. */
export const digitShader = (digits: number): string => /* wgsl */ `
struct Shape { rows: u32, words: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> values: array<vec4<i32>>;
@group(0) @binding(2) var<storage, read_write> digits: array<u32>;

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let w = id.x;
  let r = id.y;
  if (w >= shape.words) { return; }
  var x = values[r * shape.words + w];
  for (var a = 0u; a < ${digits}u; a++) {
    digits[(a * shape.rows + r) * shape.words + w] = pack4xU8(bitcast<vec4<u32>>(x));
    // A digit from 128 on stands for itself less 256, and carries.
    x = (x >> vec4<u32>(8u)) + ((x >> vec4<u32>(7u)) & vec4<i32>(1));
  }
}`;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Planes of left · rightᵀ, a tile of 16 × 16 entries a workgroup. */
export const gramShader = (digits: number): string => /* wgsl */ `
struct Shape { words: u32, leftRows: u32, rightRows: u32, same: u32 }
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> left: array<u32>;
@group(0) @binding(2) var<storage, read> right: array<u32>;
@group(0) @binding(3) var<storage, read_write> planes: array<i32>;
var<workgroup> l: array<array<u32, ${TILE + 1}>, ${TILE * digits}>;
var<workgroup> r: array<array<u32, ${TILE + 1}>, ${TILE * digits}>;

@compute @workgroup_size(${TILE}, ${TILE})
fn main(@builtin(local_invocation_id) at: vec3<u32>, @builtin(workgroup_id) tile: vec3<u32>) {
  // The matrix is symmetric: of a panel with itself, tiles below the diagonal are not made.
  if (shape.same == 1u && tile.x < tile.y) { return; }
  let i = tile.y * ${TILE}u + at.y;
  let j = tile.x * ${TILE}u + at.x;
  let mine = tile.x * ${TILE}u + at.y;
  ${range(2 * digits - 1)
    .map((s) => `var p${s} = 0;`)
    .join(' ')}
  for (var base = 0u; base < shape.words; base += ${TILE}u) {
    let w = base + at.x;
    for (var a = 0u; a < ${digits}u; a++) {
      var x = 0u;
      var y = 0u;
      if (w < shape.words) {
        if (i < shape.leftRows) { x = left[(a * shape.leftRows + i) * shape.words + w]; }
        if (mine < shape.rightRows) { y = right[(a * shape.rightRows + mine) * shape.words + w]; }
      }
      l[a * ${TILE}u + at.y][at.x] = x;
      r[a * ${TILE}u + at.y][at.x] = y;
    }
    workgroupBarrier();
    for (var k = 0u; k < ${TILE}u; k++) {
      ${range(digits)
        .map((a) => `let x${a} = l[${a * TILE}u + at.y][k]; let y${a} = r[${a * TILE}u + at.x][k];`)
        .join('\n      ')}
      ${range(digits)
        .flatMap((a) => range(digits).map((b) => `p${a + b} += dot4I8Packed(x${a}, y${b});`))
        .join('\n      ')}
    }
    workgroupBarrier();
  }
  if (i < shape.leftRows && j < shape.rightRows) {
    let one = shape.leftRows * shape.rightRows;
    let entry = i * shape.rightRows + j;
    ${range(2 * digits - 1)
      .map((s) => `planes[${s}u * one + entry] = p${s};`)
      .join('\n    ')}
  }
}`;
