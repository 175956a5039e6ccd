package local

import (
	"fmt"

	"github.com/vishvananda/netlink"
)

// TryNetem checks whether the kernel can delay packets: it has the loopback
// interface do it, by nothing, and stops again. Only a sealed room's is touched.
func TryNetem() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("finding the loopback interface: %w", err)
	}
	attrs := netlink.QdiscAttrs{LinkIndex: lo.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
	qdisc := netlink.NewNetem(attrs, netlink.NetemQdiscAttrs{})
	if err := netlink.QdiscAdd(qdisc); err != nil {
		return err
	}
	return netlink.QdiscDel(qdisc)
}
