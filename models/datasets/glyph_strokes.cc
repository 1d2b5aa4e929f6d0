#include "models/datasets/glyph_strokes.h"

#include <array>

#include "runtime/check.h"

namespace models {
namespace {

constexpr Point k0Ring[] = {{.50F, .03F}, {.85F, .10F}, {.92F, .50F}, {.85F, .90F}, {.50F, .97F},
                            {.15F, .90F}, {.08F, .50F}, {.15F, .10F}, {.50F, .03F}};
constexpr Point k1Flag[] = {{.28F, .28F}, {.52F, .03F}};
constexpr Point k1Stem[] = {{.52F, .03F}, {.52F, .97F}};
constexpr Point k2Bow[] = {{.14F, .30F}, {.18F, .00F}, {.86F, -.02F}, {.88F, .40F}, {.12F, .97F}};
constexpr Point k2Foot[] = {{.12F, .97F}, {.88F, .97F}};
constexpr Point k3Upper[] = {{.16F, .12F}, {.50F, -.05F}, {.90F, .10F}, {.80F, .45F}, {.42F, .47F}};
constexpr Point k3Lower[] = {{.42F, .47F}, {.92F, .48F}, {.98F, .92F}, {.52F, 1.05F}, {.12F, .86F}};
constexpr Point k4Slope[] = {{.66F, .03F}, {.10F, .66F}};
constexpr Point k4Bar[] = {{.10F, .66F}, {.92F, .66F}};
constexpr Point k4Stem[] = {{.66F, .03F}, {.66F, .97F}};
constexpr Point k5Roof[] = {{.84F, .04F}, {.24F, .04F}};
constexpr Point k5Back[] = {{.24F, .04F}, {.18F, .46F}};
constexpr Point k5Bowl[] = {{.18F, .46F}, {.60F, .32F},  {.96F, .52F},
                            {.88F, .92F}, {.50F, 1.04F}, {.12F, .88F}};
constexpr Point k6Hook[] = {{.76F, .05F}, {.30F, .14F}, {.06F, .62F}, {.22F, .96F}, {.60F, 1.02F},
                            {.92F, .82F}, {.82F, .52F}, {.46F, .44F}, {.14F, .66F}};
constexpr Point k7Roof[] = {{.12F, .04F}, {.88F, .04F}};
constexpr Point k7Stem[] = {{.88F, .04F}, {.52F, .50F}, {.40F, .97F}};
constexpr Point k8Loops[] = {{.50F, .46F}, {.12F, .34F}, {.22F, .02F}, {.78F, .02F},
                             {.88F, .34F}, {.50F, .46F}, {.06F, .62F}, {.16F, .99F},
                             {.84F, .99F}, {.94F, .62F}, {.50F, .46F}};
constexpr Point k9Hook[] = {{.24F, .95F}, {.70F, .86F}, {.94F, .38F}, {.78F, .04F}, {.40F, -.02F},
                            {.08F, .18F}, {.18F, .48F}, {.54F, .56F}, {.86F, .34F}};

constexpr Stroke k0[] = {k0Ring};
constexpr Stroke k1[] = {k1Flag, k1Stem};
constexpr Stroke k2[] = {k2Bow, k2Foot};
constexpr Stroke k3[] = {k3Upper, k3Lower};
constexpr Stroke k4[] = {k4Slope, k4Bar, k4Stem};
constexpr Stroke k5[] = {k5Roof, k5Back, k5Bowl};
constexpr Stroke k6[] = {k6Hook};
constexpr Stroke k7[] = {k7Roof, k7Stem};
constexpr Stroke k8[] = {k8Loops};
constexpr Stroke k9[] = {k9Hook};

constexpr std::array<std::span<const Stroke>, kGlyphClasses> kGlyphs{k0, k1, k2, k3, k4,
                                                                     k5, k6, k7, k8, k9};

}  // namespace

std::span<const Stroke> strokes_of(std::size_t glyph) {
  CHECK(glyph < kGlyphClasses);
  return kGlyphs[glyph];
}

}  // namespace models
