# Created by vrbench. To redraw the figure after a change, run in this folder:
#     gnuplot THIS-FILE
reset session
set encoding utf8
set datafile separator tab
set datafile missing NaN
set title 'scenario-1 (netns, packet): bridged, 64-byte packets — where packets were lost' noenhanced
set border 3 lw 1
set tics nomirror out
set grid lc rgb '#C4C4C4' lw 0.6
set key outside bottom center horizontal height 1 noenhanced
data = 'scenario-1_bridged_64.dat'
unit = 1. # divisor of rates
set xlabel 'Transmitted (packets/s)'
set xrange [0:*]
set ylabel 'Lost (% of transmitted)'
set yrange [0:*]
set xrange [*:*]
set style data histograms
set style histogram rowstacked
set boxwidth 0.8
set xtics rotate by -60
set terminal svg size 900,575 dynamic font 'sans-serif,13' background rgb '#FFFFFF'
set output 'scenario-1_bridged_64_places.svg'
plot data index 0 using 17:xticlabels(sprintf('%.4g', $4/unit)) fs pattern 3 border lc rgb '#000000' lc rgb '#0072B2' title 'r1t3:eth0 receive ring'
set output 'scenario-1_bridged_64_places.png'
set terminal pngcairo size 1800,1150 font 'Sans,24' linewidth 2 pointscale 2 background rgb '#FFFFFF'
replot
set output 'scenario-1_bridged_64_places.pdf'
set terminal pdfcairo size 18cm,11.5cm font 'Sans,10' fontscale 0.75
replot
unset output
