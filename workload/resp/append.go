package resp

import "strconv"

// AppendCommandString appends a command of the given arguments, the name first, to
// dst as an array of bulk strings, which is how every server version takes it.
func AppendCommandString(dst []byte, args ...string) []byte {
	dst = AppendHeader(dst, len(args))
	for _, a := range args {
		dst = AppendBulkString(dst, a)
	}
	return dst
}

// AppendHeader appends the start of a command of n arguments; that many bulk
// strings must follow.
func AppendHeader(dst []byte, n int) []byte { return appendLength(dst, '*', n) }

// AppendBulk appends one argument.
func AppendBulk(dst, arg []byte) []byte {
	dst = appendLength(dst, '$', len(arg))
	dst = append(dst, arg...)
	return append(dst, '\r', '\n')
}

// AppendBulkString is AppendBulk for a string.
func AppendBulkString(dst []byte, arg string) []byte {
	dst = appendLength(dst, '$', len(arg))
	dst = append(dst, arg...)
	return append(dst, '\r', '\n')
}

// AppendBulkInt appends one argument that is a decimal number.
func AppendBulkInt(dst []byte, n int64) []byte {
	var digits [20]byte
	return AppendBulk(dst, strconv.AppendInt(digits[:0], n, 10))
}

func appendLength(dst []byte, t byte, n int) []byte {
	dst = append(dst, t)
	if n < 10 {
		dst = append(dst, byte('0'+n))
	} else {
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, '\r', '\n')
}
