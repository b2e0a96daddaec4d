#include "utf8.h"

size_t report_utf8_decode(const char *bytes, size_t length, uint32_t *code_point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)bytes;
	size_t size = at[0] < 0x80             ? 1
		      : (at[0] & 0xe0) == 0xc0 ? 2
		      : (at[0] & 0xf0) == 0xe0 ? 3
		      : (at[0] & 0xf8) == 0xf0 ? 4
					       : 0;
	uint32_t value;

	if (!size || size > length)
		return 0;
	value = size == 1 ? at[0] : at[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code_point = value;
	return size;
}

size_t report_utf8_encode(uint32_t code_point, char bytes[4])
{
	size_t size = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = size - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (code_point & 0x3f));
		code_point >>= 6;
	}
	bytes[0] = (char)(lead[size] | code_point);
	return size;
}

struct range {
	uint32_t first, last;
};

static int in_ranges(uint32_t code_point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return 1;
	return 0;
}

static size_t width_of(uint32_t code_point)
{
	static const struct range none[] = { { 0x300, 0x36f },   { 0x200b, 0x200f },
					     { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
					     { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff } };
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },  { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },  { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd }
	};

	if (code_point < 0x300)
		return 1;
	if (in_ranges(code_point, none, sizeof(none) / sizeof(none[0])))
		return 0;
	return in_ranges(code_point, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

size_t report_utf8_width(const char *bytes, size_t length)
{
	size_t width = 0;

	while (length > 0) {
		uint32_t code_point = 0;
		size_t size = report_utf8_decode(bytes, length, &code_point);

		width += size ? width_of(code_point) : 1;
		bytes += size ? size : 1;
		length -= size ? size : 1;
	}
	return width;
}
