package doc

// Files that Write puts into a bundle's folder, beside the plots.
const (
	HTMLFile     = "report.html"
	MarkdownFile = "report.md"
	JUnitFile    = "junit.xml"
	// The sheet of an upgrade; only in runs with one.
	SheetHTMLFile     = "upgrade.html"
	SheetMarkdownFile = "upgrade.md"
	PlotsDir          = "plots"
)
